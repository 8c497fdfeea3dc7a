/// Pairs that an attack on the judge brought to light: equal ones whose floating point differs, ones with several equilibria,
/// and ones that are undefined on the way.
enum AttackCases {
  /// The files, by name.
  static let files: [String: String] = [
    "log-sigmoid.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"log_sigmoid"}]}
    """#,
    "log-sigmoid.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"sigmoid"},{"type":"log"}]}
    """#,
    "atanh-tanh.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"tanh"},{"type":"atanh"}]}
    """#,
    "atanh-tanh.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[1]]}]}
    """#,
    "acosh-cosh.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"cosh"},{"type":"acosh"}]}
    """#,
    "acosh-cosh.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"abs"}]}
    """#,
    "log-exp.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[1]],
    "bias":[0],"activation":"exp"},{"type":"log"}]}
    """#,
    "log-exp.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[1]]}]}
    """#,
    "sinh-cosh.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"sinh","name":"s"},
    {"type":"cosh","name":"c","inputs":["input"]},{"type":"add","inputs":["s","c"]}]}
    """#,
    "sinh-cosh.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"exp"}]}
    """#,
    "underflow.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense",
    "weight":[[2.778448436856347e-163]]},{"type":"abs"},{"type":"dense",
    "weight":[[2.778448436856347e-163]]},{"type":"dense","weight":[[3.599131035634557e+162]]},
    {"type":"dense","weight":[[3.599131035634557e+162]]}]}
    """#,
    "underflow.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"abs"}]}
    """#,
    "denormal.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[1e-162]]},
    {"type":"pow","exponent":2},{"type":"sqrt"},{"type":"dense","weight":[[1e+162]]}]}
    """#,
    "denormal.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"abs"}]}
    """#,
    "overflow.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"abs"},{"type":"dense",
    "weight":[[4.149515568880993e+180]]},{"type":"pow","exponent":2},{"type":"sqrt"},
    {"type":"dense","weight":[[2.409919865102884e-181]],"activation":{"type":"clamp","max":1}}]}
    """#,
    "overflow.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"abs"},{"type":"clamp",
    "max":1}]}
    """#,
    "branch-sigmoid.a.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"z",
    "activation":"sigmoid","size":1}],"Wz":[{"to":"z","from":"z","matrix":[[10]]}],
    "Wx":[{"to":"z","matrix":[[1]]}],"b":[{"to":"z","vector":[-5]}],"output":"z"}
    """#,
    "branch-sigmoid.b.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"w",
    "activation":"sigmoid","size":1},{"name":"y","activation":"identity","size":1}],
    "Wz":[{"to":"w","from":"w","matrix":[[10]]},{"to":"y","from":"w","matrix":[[-1]]}],
    "Wx":[{"to":"w","matrix":[[-1]]}],"b":[{"to":"w","vector":[-5]},{"to":"y","vector":[1]}],
    "output":"y"}
    """#,
    "branch-relu.a.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"z","activation":"relu",
    "size":1}],"Wz":[{"to":"z","from":"z","matrix":[[2]]}],"Wx":[{"to":"z","matrix":[[-1]]}],
    "b":[],"output":"z"}
    """#,
    "branch-relu.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[1]]}]}
    """#,
    "compare-nan.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"log","name":"l",
    "inputs":["input"]},{"type":"dense","weight":[[-1]],"name":"m"},{"type":"add","name":"d",
    "inputs":["l","m"]},{"type":"dense","weight":[[0]],"bias":[0],"name":"z",
    "inputs":["input"]},{"type":"greater_equal","inputs":["d","z"]}]}
    """#,
    "compare-nan.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[0]],
    "bias":[1]}]}
    """#,
    "choose-nan.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"relu","name":"r",
    "inputs":["input"]},{"type":"quotient","name":"q","inputs":["r","r"]},{"type":"dense",
    "weight":[[1]],"bias":[-1],"name":"c"},{"type":"dense","weight":[[0]],"bias":[3],"name":"o",
    "inputs":["input"]},{"type":"where","inputs":["c","o","input"]}]}
    """#,
    "choose-nan.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[1]]}]}
    """#,
    "nan-everywhere.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[0]],
    "bias":[-1],"activation":"log","name":"nan","inputs":["input"]},{"type":"dense",
    "weight":[[0]],"name":"z","inputs":["nan"]},{"type":"add","inputs":["z","input"]}]}
    """#,
    "nan-everywhere.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[1]]}]}
    """#,
    "step.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[0]],
    "bias":[1],"name":"t"},{"type":"greater","inputs":["input","t"]}]}
    """#,
    "step.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[0]],
    "bias":[1],"name":"t"},{"type":"greater_equal","inputs":["input","t"]}]}
    """#,
    "equal-rounding.a.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","name":"a","weight":[[1]],
    "activation":"relu"},{"type":"multiply","name":"m","factor":3},{"type":"multiply","name":"m7","factor":7},
    {"type":"dense","name":"b","weight":[[21]],"activation":"relu","inputs":["input"]},
    {"type":"equal","name":"o","inputs":["m7","b"]}]}
    """#,
    "equal-rounding.b.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","name":"z","weight":[[0]],
    "bias":[1]}]}
    """#,
  ]
}
