"""Writes Sources/ONNXImport/Operators/OperatorDefinitions.swift: which attributes ONNX's own definitions give each
operator that the import supports, by version. Usage: python onnx_definitions.py NAME … > OperatorDefinitions.swift"""

import sys

import onnx

NEWEST = 28


def versions(name):
    """(first version, attributes) for each version of an operator that changes them, oldest first."""
    result = []
    for schema in sorted(
        (s for s in onnx.defs.get_all_schemas_with_history() if s.name == name and s.domain == ""),
        key=lambda s: s.since_version,
    ):
        attributes = sorted(schema.attributes)
        if schema.since_version <= NEWEST and (not result or result[-1][1] != attributes):
            result.append((schema.since_version, attributes))
    return result


def main():
    print("/// ONNX's own definitions of the supported operators. Written by Tests/Oracles/onnx_definitions.py.")
    print("enum OperatorDefinition {")
    print("  /// The attributes of an operator in a version of the operator set; nil where ONNX does not define it there.")
    print("  static func attributes(of name: String, opset: Int) -> Set<String>? {")
    print("    guard let version = versions[name]?.last(where: { $0.since <= opset }) else { return nil }")
    print("    return Set(version.attributes.split(separator: \" \").map(String.init))")
    print("  }")
    print()
    print("  /// The attributes from a version on.")
    print("  private static let versions: [String: [(since: Int, attributes: String)]] = [")
    for name in sorted(set(sys.argv[1:])):
        entries = versions(name)
        if not entries or entries == [(entries[0][0], [])]:
            # Nothing to tell: no version has attributes.
            if entries:
                print(f'    "{name}": [({entries[0][0]}, "")],')
            continue
        print(f'    "{name}": [')
        for since, attributes in entries:
            text = f'      ({since}, "{" ".join(attributes)}"),'
            if len(text) <= 110:
                print(text)
            else:
                print("      (")
                print(f"        {since},")
                half = len(attributes) // 2
                print(f'        "{" ".join(attributes[:half])} "')
                print(f'          + "{" ".join(attributes[half:])}"')
                print("      ),")
        print("    ],")
    print("  ]")
    print("}")


main()
