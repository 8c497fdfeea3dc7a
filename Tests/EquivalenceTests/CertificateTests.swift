import DeepEquilibrium
import Foundation
import TestSupport
import Testing

@testable import Equivalence

/// A second judge, in another language and without a line of ours, repeats what certificates say.
@Suite("Certificates")
struct CertificateTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures").path

  /// The files of every fixture in JSON: its network or networks, and its conversion.
  static let pairs: [(networks: [String], conversion: String)] = {
    let names = FileManager.default.enumerator(atPath: fixtures)!.compactMap { $0 as? String }
    return names.filter { $0.hasSuffix(".deq.json") }.sorted().compactMap { conversion in
      let network = conversion.dropLast(".deq.json".count) + ".json"
      if conversion.hasPrefix("stack") {
        return (["1.json", "2.json"].map { "\(fixtures)/stack-of-two-deqs/\($0)" }, "\(fixtures)/\(conversion)")
      }
      return names.contains(String(network)) ? (["\(fixtures)/\(network)"], "\(fixtures)/\(conversion)") : nil
    }
  }()

  private let folder: CertificateFolder

  init() throws { folder = try CertificateFolder() }

  @Test("Python 3 is there to verify certificates")
  func python() {
    #expect(Python.has("hashlib", "json"), "the second judge of certificates needs python3")
    #expect(Self.pairs.count >= 37)
  }

  @Test("What the verifier knows of layers agrees with PyTorch's and mpmath's numbers")
  func reals() throws {
    let judge = try SecondJudge.run("certificate_reals.py", in: folder.path)
    #expect(judge.status == 0 && judge.line.hasSuffix("cases agree"), "\(judge.line)")
  }

  @Test("Every fixture's certificate is verified, with all parameters", arguments: pairs.indices)
  func fixtures(index: Int) throws {
    let pair = Self.pairs[index]
    let (first, second) = (try ModelWithFiles(pair.networks), try ModelWithFiles([pair.conversion]))
    let judge = try SecondJudge(#require(try Certificate.claimed(first, second)), in: folder.path)
    #expect(judge.status == 0, "\(pair.conversion): \(judge.line)")
    #expect(judge.line.hasSuffix("for every value of the parameters too"))
  }
}
