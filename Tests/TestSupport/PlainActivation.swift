import Foundation
import Operators

/// σ(p) and σ'(p) of an activation, written down from its definition in `torch.nn`, one number at a time.
///
/// Shares nothing with the product but the names of activations and their attributes.
public func plainActivation(_ activation: any Nonlinearity, _ p: Double) -> (
  value: Double, derivative: Double
) {
  let numbers = activation.attributes.map {
    if case .number(let value) = $0.value { value } else { Double.nan }
  }
  let name = type(of: activation).typeName
  let sigmoid = p >= 0 ? 1 / (1 + exp(-p)) : exp(p) / (1 + exp(p))
  switch name {
  case "identity": return (p, 1)
  case "relu": return p > 0 ? (p, 1) : (0, 0)
  case "leaky_relu": return p > 0 ? (p, 1) : (numbers[0] * p, numbers[0])
  case "elu": return p > 0 ? (p, 1) : (numbers[0] * expm1(p), numbers[0] * exp(p))
  case "celu": return p > 0 ? (p, 1) : (numbers[0] * expm1(p / numbers[0]), exp(p / numbers[0]))
  case "selu":
    let (scale, alpha) = (1.0507009873554805, 1.6732632423543772)
    return p > 0 ? (scale * p, scale) : (scale * alpha * expm1(p), scale * alpha * exp(p))
  case "gelu":
    if case .word("tanh") = activation.attributes["approximate"] {
      let u = (2 / Double.pi).squareRoot() * (p + 0.044715 * p * p * p)
      let slope = (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * p * p)
      let curve = 1 - tanh(u) * tanh(u)
      return (p * (1 + tanh(u)) / 2, (1 + tanh(u)) / 2 + (curve == 0 ? 0 : p * curve * slope / 2))
    }
    let normal = erfc(-p / 2.0.squareRoot()) / 2
    return (p * normal, normal + p * exp(-p * p / 2) / (2 * Double.pi).squareRoot())
  case "silu": return (p * sigmoid, sigmoid + p * sigmoid * (1 - sigmoid))
  case "mish":
    let softplus = max(p, 0) + log1p(exp(-abs(p)))
    let gate = tanh(softplus)
    return (p * gate, gate + p * (1 - gate * gate) * sigmoid)
  case "sigmoid": return (sigmoid, sigmoid * (1 - sigmoid))
  case "log_sigmoid": return (min(p, 0) - log1p(exp(-abs(p))), 1 - sigmoid)
  case "hard_sigmoid": return (min(max(p + 3, 0), 6) / 6, abs(p) < 3 ? 1.0 / 6 : 0)
  case "hard_swish": return (p * min(max(p + 3, 0), 6) / 6, p <= -3 ? 0 : p < 3 ? p / 3 + 0.5 : 1)
  case "hard_tanh": return (min(max(p, numbers[0]), numbers[1]), p > numbers[0] && p < numbers[1] ? 1 : 0)
  case "relu6": return (min(max(p, 0), 6), p > 0 && p < 6 ? 1 : 0)
  case "softplus":
    let (beta, threshold) = (numbers[0], numbers[1])
    if beta * p > threshold { return (p, 1) }
    return ((max(beta * p, 0) + log1p(exp(-abs(beta * p)))) / beta, 1 / (1 + exp(-beta * p)))
  case "softsign": return (p / (1 + abs(p)), 1 / ((1 + abs(p)) * (1 + abs(p))))
  case "tanh": return (tanh(p), 1 - tanh(p) * tanh(p))
  case "tanhshrink": return (p - tanh(p), tanh(p) * tanh(p))
  case "softshrink":
    return p > numbers[0] ? (p - numbers[0], 1) : p < -numbers[0] ? (p + numbers[0], 1) : (0, 0)
  case "hardshrink": return abs(p) > numbers[0] ? (p, 1) : (0, 0)
  case "threshold": return p > numbers[0] ? (p, 1) : (numbers[1], 0)
  default: fatalError("no definition of \(name)")
  }
}
