// Elementwise operators, on values and numbers.
extension ONNXGraph {
  /// Applies an operator to each coordinate.
  package func map(_ type: String, _ value: ONNXValue, _ attributes: [(String, Attribute)] = []) -> ONNXValue
  {
    self.value(type, [value], shape: value.shape, attributes)
  }

  /// Applies an operator to the coordinates of two values of one shape.
  package func combine(_ type: String, _ left: ONNXValue, _ right: ONNXValue) -> ONNXValue {
    value(type, [left, right], shape: left.shape)
  }

  /// Applies an operator to each coordinate and a number.
  package func combine(_ type: String, _ value: ONNXValue, _ right: Double) -> ONNXValue {
    self.value(type, [value], constants: [number(right)], shape: value.shape)
  }

  /// Applies an operator to a number and each coordinate.
  package func combine(_ type: String, _ left: Double, _ value: ONNXValue) -> ONNXValue {
    let names = node(type, [number(left), value.name], results: [type])
    return ONNXValue(name: names[0], shape: value.shape, isBatched: value.isBatched)
  }

  package func add(_ left: ONNXValue, _ right: ONNXValue) -> ONNXValue { combine("Add", left, right) }
  package func add(_ value: ONNXValue, _ number: Double) -> ONNXValue { combine("Add", value, number) }
  package func subtract(_ left: ONNXValue, _ right: ONNXValue) -> ONNXValue { combine("Sub", left, right) }
  package func multiply(_ left: ONNXValue, _ right: ONNXValue) -> ONNXValue { combine("Mul", left, right) }
  package func multiply(_ value: ONNXValue, _ number: Double) -> ONNXValue { combine("Mul", value, number) }
  package func divide(_ left: ONNXValue, _ right: ONNXValue) -> ONNXValue { combine("Div", left, right) }
  package func divide(_ value: ONNXValue, _ number: Double) -> ONNXValue { combine("Div", value, number) }
  package func negate(_ value: ONNXValue) -> ONNXValue { map("Neg", value) }
  package func exp(_ value: ONNXValue) -> ONNXValue { map("Exp", value) }
  package func absolute(_ value: ONNXValue) -> ONNXValue { map("Abs", value) }
  package func minimum(_ value: ONNXValue, _ number: Double) -> ONNXValue { combine("Min", value, number) }
  package func maximum(_ value: ONNXValue, _ number: Double) -> ONNXValue { combine("Max", value, number) }

  /// `number` times the value; the value itself for 1.
  package func scale(_ value: ONNXValue, by number: Double) -> ONNXValue {
    number == 1 ? value : multiply(value, number)
  }

  /// The first value where the condition is true, the second elsewhere.
  package func choose(_ condition: ONNXValue, _ first: ONNXValue, _ second: ONNXValue) -> ONNXValue {
    value("Where", [condition, first, second], shape: first.shape)
  }

  /// A number where the condition is true, the value elsewhere.
  package func choose(_ condition: ONNXValue, _ first: Double, _ second: ONNXValue) -> ONNXValue {
    let names = node("Where", [condition.name, number(first), second.name], results: ["Where"])
    return ONNXValue(name: names[0], shape: second.shape, isBatched: second.isBatched)
  }

  /// One number where the condition is true, another elsewhere.
  package func choose(_ condition: ONNXValue, _ first: Double, else second: Double) -> ONNXValue {
    let names = node("Where", [condition.name, number(first), number(second)], results: ["Where"])
    return ONNXValue(name: names[0], shape: condition.shape, isBatched: condition.isBatched)
  }

  /// A reduction over axes of a sample, which remain with extent 1.
  package func reduce(_ type: String, _ value: ONNXValue, axes: [Int]) -> ONNXValue {
    let shape = value.shape.indices.map { axes.contains($0) ? 1 : value.shape[$0] }
    let name = reduction(type, value.name, axes: axes.map { $0 + 1 }, result: type, keepsAxes: true)
    return ONNXValue(name: name, shape: shape, isBatched: value.isBatched)
  }

  /// The name of a reduction over axes of a batch: they are an input, of all but sums an attribute before version 18.
  func reduction(_ type: String, _ name: String, axes: [Int], result: String, keepsAxes: Bool) -> String {
    let keeps = ("keepdims", Attribute.integer(keepsAxes ? 1 : 0))
    if opset >= 18 || type == "ReduceSum" {
      return node(type, [name, integers(axes)], results: [result], [keeps])[0]
    }
    return node(type, [name], results: [result], [("axes", .integers(axes)), keeps])[0]
  }
}
