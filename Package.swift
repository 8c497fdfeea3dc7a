// swift-tools-version: 6.1
import PackageDescription

/// Everything that the library hands on. Whoever imports the umbrella depends on each of them too: the build would
/// not see otherwise that a module behind it has changed.
let modules: [Target.Dependency] = [
  "LinearAlgebra", "FixedPoints", "Operators", "Blocks", "Equilibria", "Networks", "Conversion",
  "Equivalence",
  "FileAccess", "TensorFiles", "ModelJSON", "ONNXExport", "ONNXImport", "ModelFiles", "PythonExport",
  "MatrixExport", "GraphExport", "HTMLReport", "RandomNetworks", "TestModels",
]

/// The settings of the modules that compute or read files. Debug builds optimise them too, each as a whole: generic code
/// that is not specialised is slow, and the tests would spend most of their time in it. Assertions and `@testable` stay.
/// SwiftPM takes no such flags from a package that another one names by a version; it keeps these in a folder of checkouts.
let optimized: [SwiftSetting] =
  Context.packageDirectory.contains("/checkouts/")
  ? []
  : [
    .unsafeFlags(
      [
        "-O", "-whole-module-optimization", "-disable-batch-mode", "-num-threads", "2", "-assert-config",
        "Debug",
      ],
      .when(configuration: .debug))
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

    // What the command does where an allocation fails.
    .target(name: "CAllocation"),

    // System calls that the C library's module lacks.
    .target(name: "CFileSystem"),

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
      ],
      swiftSettings: optimized),
    .target(
      name: "FixedPoints", dependencies: ["LinearAlgebra"],
      swiftSettings: optimized),
    .target(
      name: "Operators", dependencies: ["LinearAlgebra"],
      swiftSettings: optimized),
    .target(
      name: "Blocks", dependencies: ["LinearAlgebra", "Operators"],
      swiftSettings: optimized),
    .target(
      name: "Equilibria", dependencies: ["LinearAlgebra", "FixedPoints", "Operators", "Blocks"],
      swiftSettings: optimized),
    .target(
      name: "Networks", dependencies: ["LinearAlgebra", "FixedPoints", "Operators", "Blocks", "Equilibria"],
      swiftSettings: optimized),
    .target(
      name: "Conversion", dependencies: ["LinearAlgebra", "Operators", "Blocks", "Networks", "Equilibria"],
      swiftSettings: optimized),
    .target(
      name: "Equivalence",
      dependencies: [
        "CFieldArithmetic", "CSodium", "LinearAlgebra", "FixedPoints", "Operators", "Blocks", "Networks",
        "Equilibria",
        .product(name: "RealModule", package: "swift-numerics"),
      ],
      swiftSettings: optimized),
    .target(
      name: "ONNXSchema", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["onnx.proto"]),
    .target(name: "FileAccess", dependencies: ["CFileSystem", "CSodium"]),
    .target(
      name: "TensorFiles",
      dependencies: ["CJSONC", "CNumberText", "CZlib", "FileAccess", "LinearAlgebra"],
      swiftSettings: optimized),
    .target(
      name: "ModelJSON",
      dependencies: [
        "FileAccess", "TensorFiles", "LinearAlgebra", "Operators", "Blocks", "Equilibria", "Networks",
      ],
      swiftSettings: optimized),
    .target(
      name: "ONNXExport",
      dependencies: [
        "ONNXSchema", "FileAccess", "TensorFiles", "LinearAlgebra", "FixedPoints", "Operators", "Blocks",
        "Equilibria", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: optimized),
    .target(
      name: "ONNXImport",
      dependencies: [
        "ONNXSchema", "ONNXExport", "FileAccess", "TensorFiles", "LinearAlgebra", "Operators", "Blocks",
        "Equilibria", "Networks", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: optimized),
    .target(
      name: "ModelFiles",
      dependencies: [
        "FileAccess", "TensorFiles", "ModelJSON", "ONNXImport", "LinearAlgebra", "Blocks", "Equilibria",
        "Networks",
      ]),
    .target(
      name: "PythonExport",
      dependencies: [
        "FileAccess", "TensorFiles", "ModelFiles", "LinearAlgebra", "Operators", "Blocks", "Equilibria",
      ]),
    .target(
      name: "MatrixExport",
      dependencies: ["FileAccess", "TensorFiles", "LinearAlgebra", "Operators", "Blocks", "Equilibria"]),
    .target(name: "GraphExport", dependencies: ["LinearAlgebra", "Operators", "Blocks", "Equilibria"]),
    .target(
      name: "HTMLReport",
      dependencies: [
        "FileAccess", "LinearAlgebra", "FixedPoints", "Operators", "Blocks", "Equilibria", "Equivalence",
        .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .target(
      name: "RandomNetworks",
      dependencies: ["LinearAlgebra", "Operators", "Blocks", "Networks", "Equilibria"],
      swiftSettings: optimized),
    .target(
      name: "TestModels",
      dependencies: [
        "LinearAlgebra", "FixedPoints", "Operators", "Blocks", "Equilibria", "Networks", "Conversion",
        "FileAccess", "TensorFiles", "ModelJSON", "ModelFiles",
      ],
      swiftSettings: optimized),
    .target(
      name: "Regression",
      dependencies: [
        "LinearAlgebra", "Operators", "Blocks", "Equilibria", "Networks", "Conversion", "Equivalence",
        "FileAccess", "ModelJSON", "ModelFiles", "RandomNetworks",
      ]),
    .target(name: "DeepEquilibrium", dependencies: modules),
    .executableTarget(
      name: "deq",
      dependencies: modules + [
        "CAllocation", "Regression", "DeepEquilibrium",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/DEQCommand"),
    .executableTarget(
      name: "deq-benchmark",
      dependencies: modules + [
        "DeepEquilibrium", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Benchmark", package: "swift-benchmark"),
      ],
      path: "Sources/DEQBenchmark"),

    // Hostile inputs, for Tests/Fuzzing/fuzz.
    .executableTarget(
      name: "deq-fuzz",
      dependencies: modules + [
        "DeepEquilibrium", "ONNXSchema", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Fuzzing/Sources"),
    .target(
      name: "TestSupport",
      dependencies: [
        "LinearAlgebra", "FixedPoints", "Operators", "Blocks", "Equilibria", "Networks", "FileAccess",
        "ModelFiles", "RandomNetworks",
      ],
      path: "Tests/TestSupport",
      swiftSettings: optimized),
    .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"]),
    .testTarget(name: "FixedPointsTests", dependencies: ["LinearAlgebra", "FixedPoints"]),
    .testTarget(
      name: "OperatorsTests", dependencies: ["LinearAlgebra", "Operators", "Blocks", "TestSupport"],
      swiftSettings: optimized),
    .testTarget(name: "ModelFilesTests", dependencies: modules + ["TestSupport"]),
    .testTarget(name: "ONNXTests", dependencies: modules + ["ONNXSchema", "TestSupport"]),
    .testTarget(
      name: "ONNXExportTests", dependencies: modules + ["DeepEquilibrium", "ONNXSchema", "TestSupport"]),
    .testTarget(name: "PythonExportTests", dependencies: modules + ["DeepEquilibrium", "TestSupport"]),
    .testTarget(name: "EquivalenceTests", dependencies: modules + ["DeepEquilibrium", "TestSupport"]),
    .testTarget(
      name: "TheoryTests", dependencies: modules + ["DeepEquilibrium", "TestSupport"],
      swiftSettings: optimized),
    .testTarget(
      name: "DEQCommandTests",
      dependencies: modules + ["Regression", "deq", "DeepEquilibrium", "TestSupport"]),
    .testTarget(name: "DeepEquilibriumTests", dependencies: modules + ["DeepEquilibrium", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
