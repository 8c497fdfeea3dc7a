import Foundation
import ONNXImport

/// The folder that a script of `Tests/Oracles` has written cases to; nil without Python and the packages that it needs.
func oracleFolder(writtenBy script: String) -> String? {
  let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Oracles/\(script)").path
  let folder = FileManager.default.temporaryDirectory.appending(path: "\(script)-\(getpid())").path
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["python3", path, folder]
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return nil }
  process.waitUntilExit()
  return process.terminationStatus == 0 ? folder : nil
}

/// A tensor of a case; what JSON cannot say (infinities, NaN) stands as a word.
struct OracleTensor: Decodable {
  let shape: [Int]
  let data: [Double?]
  let special: [String]?

  var elements: [Double] { data.indices.map { data[$0] ?? Double(special![$0])! } }
}

/// The elements of a tensor with the batch moved to the front, or back from there.
func moved(_ elements: [Double], _ shape: [Int], _ layout: SampleLayout, back: Bool) -> [Double] {
  guard let axis = layout.batchAxis else { return elements }
  let before = shape.prefix(axis).reduce(1, *) * layout.merged.outer
  let behind = shape.dropFirst(axis + 1).reduce(1, *) * layout.merged.inner
  let extent = elements.count / (before * behind)
  var result = elements
  for a in 0..<before {
    for b in 0..<extent {
      for c in 0..<behind {
        let (natural, front) = ((a * extent + b) * behind + c, (b * before + a) * behind + c)
        if back { result[natural] = elements[front] } else { result[front] = elements[natural] }
      }
    }
  }
  return result
}
