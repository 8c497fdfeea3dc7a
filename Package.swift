// swift-tools-version: 6.1
import PackageDescription

/// Everything that the library hands on. Whoever imports the umbrella depends on each of them too: the build would
/// not see otherwise that a module behind it has changed.
let modules: [Target.Dependency] = [
  "LinearAlgebra", "FixedPoints", "Operators", "Equilibria", "Networks", "Conversion", "Equivalence",
  "ModelFiles", "RandomNetworks",
]

let package = Package(
  name: "deep-equilibrium",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "DeepEquilibrium", targets: ["DeepEquilibrium"]),
    .executable(name: "deq", targets: ["deq"]),
    .executable(name: "deq-benchmark", targets: ["deq-benchmark"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.0.0"),
    .package(url: "https://github.com/google/swift-benchmark", from: "0.1.2"),
    // Without its traits, which are on by default and import all of Foundation: loading it takes a third of the time
    // that the command's help takes.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    .systemLibrary(
      name: "CJSONC", pkgConfig: "json-c",
      providers: [.apt(["libjson-c-dev"]), .brew(["json-c"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CSodium", pkgConfig: "libsodium",
      providers: [.apt(["libsodium-dev"]), .brew(["libsodium"])]),

    // Elementary functions on whole buffers, chosen for the machine when the program runs.
    .target(name: "CVectorFunctions"),

    // How malloc treats what is freed.
    .target(name: "CMemory"),

    // Numbers from their decimal digits, by the C++ library.
    .target(name: "CNumberText"),

    // What a proof does most often: sums of products modulo a prime, and hashes of numbers.
    .target(name: "CFieldArithmetic"),

    // From the ground up: a module imports only what stands above it here, and names all that it imports: the build
    // would not see otherwise that one of them has changed.
    .target(
      name: "LinearAlgebra",
      dependencies: [
        "CMemory", "COpenBLAS", "CVectorFunctions", .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .target(name: "FixedPoints", dependencies: ["LinearAlgebra"]),
    .target(name: "Operators", dependencies: ["LinearAlgebra"]),
    .target(name: "Equilibria", dependencies: ["LinearAlgebra", "Operators", "FixedPoints"]),
    .target(name: "Networks", dependencies: ["LinearAlgebra", "FixedPoints", "Operators", "Equilibria"]),
    .target(name: "Conversion", dependencies: ["LinearAlgebra", "Operators", "Networks", "Equilibria"]),
    .target(
      name: "Equivalence",
      dependencies: [
        "CFieldArithmetic", "CSodium", "LinearAlgebra", "FixedPoints", "Operators", "Networks",
        "Equilibria",
        .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .target(
      name: "ONNXSchema", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["onnx.proto"]),
    .target(
      name: "ModelFiles",
      dependencies: [
        "CJSONC", "CNumberText", "CSodium", "CZlib", "ONNXSchema", "LinearAlgebra", "FixedPoints",
        "Operators",
        "Networks",
        "Equilibria",
      ]),
    .target(name: "RandomNetworks", dependencies: ["LinearAlgebra", "Operators", "Networks", "Equilibria"]),
    .target(name: "DeepEquilibrium", dependencies: modules),
    .executableTarget(
      name: "deq",
      dependencies: modules + [
        "DeepEquilibrium", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/DEQCommand"),
    .executableTarget(
      name: "deq-benchmark",
      dependencies: modules + [
        "DeepEquilibrium", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Benchmark", package: "swift-benchmark"),
      ],
      path: "Sources/DEQBenchmark"),

    .target(
      name: "TestSupport",
      dependencies: ["LinearAlgebra", "Operators", "Equilibria", "Networks", "ModelFiles"],
      path: "Tests/TestSupport"),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"]),
    .testTarget(name: "FixedPointsTests", dependencies: ["FixedPoints"]),
    .testTarget(name: "OperatorsTests", dependencies: ["LinearAlgebra", "Operators"]),
    .testTarget(name: "ModelFilesTests", dependencies: modules + ["TestSupport"]),
    .testTarget(name: "ONNXTests", dependencies: modules + ["ONNXSchema"]),
    .testTarget(
      name: "ONNXExportTests", dependencies: modules + ["DeepEquilibrium", "ONNXSchema", "TestSupport"]),
    .testTarget(name: "EquivalenceTests", dependencies: modules + ["DeepEquilibrium", "TestSupport"]),
    .testTarget(name: "TheoryTests", dependencies: modules + ["DeepEquilibrium", "TestSupport"]),
    .testTarget(name: "DEQCommandTests", dependencies: modules + ["deq", "DeepEquilibrium", "TestSupport"]),
    .testTarget(name: "DeepEquilibriumTests", dependencies: modules + ["DeepEquilibrium"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
