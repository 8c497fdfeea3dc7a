import Foundation

/// How many seeds a campaign runs through: `normal`, times the environment variable `DEQ_TEST_SCALE` where it is set.
func campaignSize(_ normal: Int) -> Int {
  let scale = ProcessInfo.processInfo.environment["DEQ_TEST_SCALE"].flatMap { Double($0) } ?? 1
  return max(1, Int(Double(normal) * scale))
}
