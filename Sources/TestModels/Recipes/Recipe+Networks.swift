import Blocks
import LinearAlgebra
import Networks
import Operators

/// Networks whose layers are each evaluated once.
extension Recipe {
  static func mlp(_ draws: DyadicDraws, _ size: TestModelSize) -> Network<Double> {
    var recipe = Recipe(draws: draws, size: size, inputShape: [max(2, size.width / 2)])
    var value = recipe.input
    for number in 1...3 {
      let activation: any Nonlinearity = recipe.draws.element(of: [ReLU(), Tanh(), Sigmoid()])
      value = recipe.dense("fc\(number)", size.width, of: value, activation)
    }
    _ = recipe.dense("fc4", 3, of: value)
    return recipe.network()
  }

  static func cnn(_ draws: DyadicDraws, _ size: TestModelSize) -> Network<Double> {
    let channels = size.channels
    var recipe = Recipe(draws: draws, size: size, inputShape: [1, 8, 8])
    let first = recipe.convolution("conv1", channels: channels, of: recipe.input)
    let pooled = recipe.layer(
      "pool1", IdentityMap(first.shape), of: first, try! MaxPooling(kernelSize: 2))
    let rectified = recipe.layer("relu1", IdentityMap(pooled.shape), of: pooled, ReLU())
    let second = recipe.convolution("conv2", channels: channels, of: rectified, ReLU())
    let averaged = recipe.layer(
      "pool2", try! AveragePooling<Double>(inputShape: second.shape, kernelSize: 2), of: second)
    _ = recipe.dense("fc", 3, of: averaged)
    return recipe.network()
  }

  static func transformer(_ draws: DyadicDraws, _ size: TestModelSize) -> Network<Double> {
    let (tokens, heads, features) = (4, 2, 4)
    let width = heads * features
    var recipe = Recipe(draws: draws, size: size, inputShape: [tokens, width])
    let normalized = recipe.normalization("norm1", of: recipe.input)
    func split(_ name: String, dims: [Int], hasBias: Bool = true, _ recipe: inout Recipe) -> Value {
      let projected = recipe.linear(name, width, of: normalized, hasBias: hasBias)
      let parts = recipe.layer(
        "\(name)_split", try! Reshape<Double>(inputShape: projected.shape, shape: [tokens, heads, features]),
        of: projected)
      return recipe.layer(
        "\(name)_heads", try! Permute<Double>(inputShape: parts.shape, dims: dims), of: parts)
    }
    let query = split("query", dims: [1, 0, 2], &recipe)
    // A bias of the keys adds the same to all scores of a query, which the softmax does not see.
    let key = split("key", dims: [1, 2, 0], hasBias: false, &recipe)
    let value = split("value", dims: [1, 0, 2], &recipe)
    let scores = recipe.combined("scores", [query, key], by: BatchedProduct())
    let attention = recipe.layer(
      "attention", Multiply<Double>(scores.shape, factor: 0.5), of: scores, Softmax())
    let mixed = recipe.combined("mixed", [attention, value], by: BatchedProduct())
    let turned = recipe.layer(
      "tokens", try! Permute<Double>(inputShape: mixed.shape, dims: [1, 0, 2]), of: mixed)
    let joined = recipe.layer(
      "joined", try! Reshape<Double>(inputShape: turned.shape, shape: [tokens, width]), of: turned)
    let first = recipe.sum("first", [recipe.input, recipe.linear("out", width, of: joined)])
    let again = recipe.normalization("norm2", of: first)
    let expanded = recipe.linear("expand", size.width, of: again, SiLU())
    let second = recipe.sum("second", [first, recipe.linear("contract", width, of: expanded)])
    let mean = recipe.layer(
      "average", try! Mean<Double>(inputShape: second.shape, dim: [0]), of: second)
    _ = recipe.dense("head", 3, of: mean)
    return recipe.network()
  }
}

extension TestModelSize {
  /// The number of channels of images.
  var channels: Int { max(1, width / 4) }
}
