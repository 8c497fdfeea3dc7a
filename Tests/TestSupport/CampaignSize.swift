import Foundation

/// How many seeds a random campaign runs through.
///
/// The environment variable `DEQ_TEST_CAMPAIGNS` decides: `full` is `normal`, a number N is N times that. Without it a
/// campaign is a tenth as long, and at least `least`, so that the tests of a change take minutes.
public func campaignSize(_ normal: Int, least: Int = 1) -> Int {
  switch ProcessInfo.processInfo.environment["DEQ_TEST_CAMPAIGNS"] {
  case nil: max(least, normal / 10)
  case "full"?: normal
  case let scale?: max(1, Int(Double(normal) * (Double(scale) ?? 1)))
  }
}
