import Blocks
import LinearAlgebra
import Operators

extension NodeImport {
  /// Operators over images `[batch, channels, …]`, which treat each image alone.
  private static let overImages: Set<String> = [
    "AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "DepthToSpace", "GlobalAveragePool",
    "GlobalMaxPool", "GroupNormalization", "InstanceNormalization", "LpPool", "MaxPool", "SpaceToDepth",
  ]

  /// More images than any video or window of attention has.
  private static let mostFrames = 4096

  /// The value of an operator over images whose leading axis has several images of each sample: frames of a video,
  /// windows of attention. Each is a part of the sample to which the operator is applied, with the same parameters.
  ///
  /// - Returns: Nil where the leading axis is the batch alone, or of extent 1.
  func overFrames(_ handler: OperatorHandler) throws(ImportFailure) -> [Value]? {
    guard Self.overImages.contains(node.operatorType), case .variable(let variable)? = inputs.first else {
      return nil
    }
    let layout = variable.layout
    guard layout.shape.count >= 2, layout.batchAxis ?? 0 == 0, layout.batch == nil || layout.isMerged else {
      return nil
    }
    let count = layout.sampleShape[0]
    guard count > 1 else { return nil }
    guard count <= Self.mostFrames else {
      throw .refused("expected at most \(Self.mostFrames) images of a sample, found \(count)")
    }
    var port: Port?
    var target = layout
    for frame in 0..<count {
      let result = try self.frame(frame, of: variable, handler)
      let shape = Array(result.layout.shape.dropFirst())
      target = try layout.replacing([layout.shape[0]] + shape)
      let map = try linearMap(
        "place", from: [1] + shape,
        ["dim": .integers([0]), "start": .integers([frame]), "total": .integers([count])])
      let part = Port(shape: [count] + shape, terms: [Term(source: result.source, map: map)])
      port = port?.adding(part) ?? part
    }
    return [.variable(try affine(port!, target))]
  }

  /// The operator's value for one of a sample's images.
  private func frame(
    _ frame: Int, of variable: Variable, _ handler: OperatorHandler
  ) throws(ImportFailure) -> Variable {
    let layout = variable.layout
    let rest = Array(layout.shape.dropFirst())
    let own: TensorLayout
    if let batch = layout.batch {
      own = try TensorLayout(
        [batch.extent] + rest,
        batch: TensorLayout.Batch(axis: 0, extent: batch.extent, isOpen: batch.isOpen))
    } else {
      own = try TensorLayout([1] + rest)
    }
    let map = try linearMap(
      "slice", from: layout.sampleShape,
      ["dim": .integers([0]), "start": .integers([frame]), "end": .integers([frame + 1])])
    let part = try mapped(variable, by: map, suffix: "\(frame)/image", to: own)
    let single = named("\(name)/\(frame)", inputs: [.variable(part)] + inputs.dropFirst())
    guard case .variable(let result)? = try handler.run(single).first else {
      throw .refused("expected a computed value of each image, found a constant")
    }
    return result
  }

  /// The import of the same node under another name, with other inputs.
  func named(_ output: String, inputs: [Value?]) -> NodeImport {
    NodeImport(
      node: ONNXModel.Node(
        operatorType: node.operatorType, domain: node.domain, name: node.name, inputs: node.inputs,
        outputs: [output], attributes: node.attributes),
      opset: opset, inputs: inputs, builder: builder, leadingExtent: leadingExtent, openExtent: openExtent)
  }
}
