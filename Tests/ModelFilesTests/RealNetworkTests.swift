import FileAccess
import Foundation
import ModelFiles
import ModelJSON
import TestSupport
import Testing

@Suite(
  "Real networks",
  .enabled(if: RealNetworks.areAvailable, "\(RealNetworks.reason)"))
struct RealNetworkTests {
  @Test(
    "Networks of others read, and read back as they were written", arguments: ["acasxu_1_1", "mnist_256x2"])
  func roundTrip(_ name: String) throws {
    let original = try ModelFile.read(RealNetworks.path("\(name).json"))
    let back = try ModelFile.read(FileContents(original.written(), named: "written"))
    #expect(back.fingerprint == original.fingerprint)
  }

  @Test("Fixtures of others read", arguments: ["acasxu_1_1", "mnist_256x2"])
  func fixtures(_ name: String) throws {
    let network = try ModelFile.readNetwork(RealNetworks.path("\(name).json"))
    let expected = try ExpectedResults.read(FileContents(reading: RealNetworks.path("\(name).expected.json")))
    #expect(expected.samples.input.columns == network.inputSize)
    #expect(expected.results.output.columns == network.outputSize)
    let gradients = try #require(expected.results.gradients).parameters
    let parameters = network.parameters
    #expect(!gradients.names.isEmpty)
    for name in gradients.names { #expect(gradients[name]?.shape == parameters[name]?.shape) }
  }
}
