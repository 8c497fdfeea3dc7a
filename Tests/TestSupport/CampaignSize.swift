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

/// The arguments of a long campaign: all of them with `DEQ_TEST_CAMPAIGNS=full`, else about a tenth, and at least `least`,
/// spread evenly over the list.
public func campaign<Arguments: Collection>(_ arguments: Arguments, least: Int = 1) -> [Arguments.Element] {
  let all = Array(arguments)
  let count = min(all.count, campaignSize(all.count, least: least))
  return (0..<count).map { all[(2 * $0 + 1) * all.count / (2 * count)] }
}
