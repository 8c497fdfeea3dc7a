/// Pairs of models that a judge once got wrong, each the smallest of its kind.
enum VerdictCases {
  /// The files, by name.
  static let files: [String: String] = [
    "backedge.json": #"""
    {"format":"network","version":1,"input":[2],"layers":[{"type":"dense","name":"h",
    "weight":[[-1.3796439072995432,0.4531560627234404],[0.10696137854395661,
    -0.4309074963658527]],"activation":"tanh","bias":[1.8706966084479901,0.33676306896834485]},
    {"type":"equilibrium","name":"core","model":{"input":[2],"blocks":[{"name":"z","size":1,
    "activation":"tanh"}],"Wz":[{"to":"z","from":"z","matrix":[[5.10497179708754]],
    "parameter":"W"}],"Wx":[{"to":"z","matrix":[[-1.390283264191243,-0.03724711554723822]],
    "parameter":"U"}],"b":[{"to":"z","vector":[0.1169072372311745],"parameter":"b"}],
    "output":"z"}},{"type":"dense","name":"o","weight":[[-1.5460773446108809]],
    "activation":"identity","bias":[0.1]}]}
    """#,
    "backedge.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[2],"blocks":[{"name":"h","size":2,
    "activation":"tanh"},{"name":"core.z","size":1,"activation":"tanh"},{"name":"o","size":1,
    "activation":"identity"}],"Wz":[{"to":"core.z","from":"h","matrix":[[-1.390283264191243,
    -0.03724711554723822]],"parameter":"core.U"},{"to":"core.z","from":"core.z",
    "matrix":[[5.10497179708754]],"parameter":"core.W"},{"to":"o","from":"core.z",
    "matrix":[[-1.5460773446108809]],"parameter":"o.weight"},{"to":"h","from":"o",
    "matrix":[[0.0],[0.0]]}],"Wx":[{"to":"h","matrix":[[-1.3796439072995432,0.4531560627234404],
    [0.10696137854395661,-0.4309074963658527]],"parameter":"h.weight"}],"b":[{"to":"h",
    "vector":[1.8706966084479901,0.33676306896834485],"parameter":"h.bias"},{"to":"core.z",
    "vector":[0.1169072372311745],"parameter":"core.b"},{"to":"o","vector":[0.1],
    "parameter":"o.bias"}],"output":"o"}
    """#,
    "backedge2.json": #"""
    {"format":"network","version":1,"input":[2],"layers":[{"type":"dense","name":"h",
    "weight":[[-0.4875039558072011,1.2747020159900175],[-1.0332874332469075,
    -0.820402257598978]],"activation":"tanh","bias":[0.5778076199732286,0.8903522824813105]},
    {"type":"equilibrium","name":"core","model":{"input":[2],"blocks":[{"name":"z","size":1,
    "activation":"tanh"}],"Wz":[{"to":"z","from":"z","matrix":[[4.472227452982828]],
    "parameter":"W"}],"Wx":[{"to":"z","matrix":[[0.9658196787303401,-0.1310478629543743]],
    "parameter":"U"}],"b":[{"to":"z","vector":[-0.14827401805650411],"parameter":"b"}],
    "output":"z"}},{"type":"dense","name":"o","weight":[[-1.2570006172307915]],
    "activation":"identity","bias":[0.1]}]}
    """#,
    "backedge2.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[2],"blocks":[{"name":"h","size":2,
    "activation":"tanh"},{"name":"core.z","size":1,"activation":"tanh"},{"name":"o","size":1,
    "activation":"identity"}],"Wz":[{"to":"core.z","from":"h","matrix":[[0.9658196787303401,
    -0.1310478629543743]],"parameter":"core.U"},{"to":"core.z","from":"core.z",
    "matrix":[[4.472227452982828]],"parameter":"core.W"},{"to":"o","from":"core.z",
    "matrix":[[-1.2570006172307915]],"parameter":"o.weight"},{"to":"h","from":"o",
    "matrix":[[0.0],[0.0]]}],"Wx":[{"to":"h","matrix":[[-0.4875039558072011,1.2747020159900175],
    [-1.0332874332469075,-0.820402257598978]],"parameter":"h.weight"}],"b":[{"to":"h",
    "vector":[0.5778076199732286,0.8903522824813105],"parameter":"h.bias"},{"to":"core.z",
    "vector":[-0.14827401805650411],"parameter":"core.b"},{"to":"o","vector":[0.1],
    "parameter":"o.bias"}],"output":"o"}
    """#,
    "eq2.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","name":"o",
    "weight":[[1.5]],"activation":"identity","bias":[0.25]}]}
    """#,
    "eq2.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"u","size":1,"ports":[[1],
    [1]],"activation":"product"},{"name":"z","size":1,"activation":"identity"},{"name":"o",
    "size":1,"activation":"identity"}],"Wz":[{"to":"u","from":"z","port":0,"map":"identity"},
    {"to":"u","from":"z","port":1,"map":"identity"},{"to":"z","from":"z","map":"identity"},
    {"to":"z","from":"u","map":{"type":"multiply","factor":-1.3563057130384029}},{"to":"o",
    "from":"z","map":"identity"}],"Wx":[{"to":"o","matrix":[[1.5]],"parameter":"o.weight"}],
    "b":[{"to":"u","port":0,"vector":[-1.6557514046143016]},{"to":"u","port":1,
    "vector":[1.5056840636294535]},{"to":"o","vector":[0.25],"parameter":"o.bias"},{"to":"o",
    "vector":[1.5056840636294535]}],"output":"o"}
    """#,
    "finer.json": #"""
    {"format":"network","version":1,"input":[3],"layers":[{"type":"dense","name":"l0",
    "weight":[[1.53125,0.09375,1.9375],[0.8125,1.9375,0.71875],[-1.03125,-0.59375,-1.53125],
    [-1.25,1.84375,-0.625]],"activation":"relu","bias":[-0.625,-0.71875,0.3125,0.875]},
    {"type":"dense","name":"l1","weight":[[-0.71875,0.65625,-1.9375,0.90625],[0.125,-0.1875,
    1.4375,-1.25]],"activation":"identity","bias":[0.96875,0.3125]}]}
    """#,
    "finer.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[3],"blocks":[{"name":"a","size":1,
    "activation":"relu"},{"name":"b","size":3,"activation":"relu"},{"name":"l1","size":2,
    "activation":"identity"}],"Wz":{"matrix":[[0,0,0,0,0,0],[0,0,0,0,0,0],[0,0,0,0,0,0],[0,0,0,
    0,0,0],[-0.71875,0.65625,-1.9375,0.90625,0,0],[0.125,-0.1875,1.4375,-1.25,0,0]]},
    "Wx":{"matrix":[[1.53125,0.09375,1.9375],[0.8125,1.9375,0.71875],[-1.03125,-0.59375,
    -1.53125],[-1.25,1.84375,-0.625],[0,0,0],[0,0,0]]},"b":{"vector":[-0.625,-0.71875,0.3125,
    0.875,0.96875,0.3125]},"output":"l1"}
    """#,
    "kink.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","name":"a",
    "weight":[[1.0]],"activation":"identity","bias":[0.1]},{"type":"dense","name":"b",
    "weight":[[1.0]],"activation":"identity","inputs":["input"],"bias":[0.2]},{"type":"dense",
    "name":"c","weight":[[-2.0]],"activation":"identity","inputs":["input"],"bias":[-0.3]},
    {"type":"add","name":"s","inputs":["a","b","c"],"activation":"relu"}]}
    """#,
    "kink.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"a","size":1,
    "activation":"identity"},{"name":"b","size":1,"activation":"identity"},{"name":"c","size":1,
    "activation":"identity"},{"name":"s","size":1,"activation":"relu"}],"Wz":[{"to":"s",
    "from":"c","map":"identity"},{"to":"s","from":"b","map":"identity"},{"to":"s","from":"a",
    "map":"identity"}],"Wx":[{"to":"a","matrix":[[1]],"parameter":"a.weight"},{"to":"b",
    "matrix":[[1]],"parameter":"b.weight"},{"to":"c","matrix":[[-2]],"parameter":"c.weight"}],
    "b":[{"to":"a","vector":[0.1],"parameter":"a.bias"},{"to":"b","vector":[0.2],
    "parameter":"b.bias"},{"to":"c","vector":[-0.3],"parameter":"c.bias"}],"output":"s"}
    """#,
    "labels.json": #"""
    {"format":"network","version":1,"input":[2],"layers":[{"type":"block","name":"a",
    "inputs":["input"],"size":2,"activation":"tanh","terms":[{"from":"input","matrix":[[0.5,
    -0.25],[0.125,0.75]],"parameter":"p"},{"from":"input","matrix":[[2.0,1.0],[-1.0,0.5]],
    "parameter":"q"}]},{"type":"block","name":"b","inputs":["a"],"size":2,"activation":"tanh",
    "terms":[{"from":"a","matrix":[[0.5,-0.25],[0.125,0.75]],"parameter":"p"}]}]}
    """#,
    "labels.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[2],"blocks":[{"name":"a","size":2,
    "activation":"tanh"},{"name":"b","size":2,"activation":"tanh"}],"Wz":[{"to":"b","from":"a",
    "matrix":[[0.5,-0.25],[0.125,0.75]],"parameter":"p"}],"Wx":[{"to":"a","matrix":[[0,0],[0,
    0]],"parameter":"p"},{"to":"a","matrix":[[2.5,0.75],[-0.875,1.25]],"parameter":"q"}],"b":[],
    "output":"b"}
    """#,
    "nan.json": #"""
    {"format":"network","version":1,"input":[2],"layers":[{"type":"dense","name":"a",
    "weight":[[1.0,0.5],[0.25,2.0]],"activation":"relu","inputs":["input"]},{"type":"sqrt",
    "name":"s"},{"type":"dense","name":"b","weight":[[1.0,0.5],[0.25,2.0]],"activation":"relu",
    "inputs":["input"]},{"type":"sqrt","name":"t"},{"type":"tanh","name":"tt"},{"type":"dense",
    "name":"c","weight":[[3.0,0],[0,5.0]],"activation":"identity"},{"type":"add","name":"o",
    "inputs":["s","c"]}]}
    """#,
    "nan.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[2],"blocks":[{"name":"a","size":2,
    "activation":"relu"},{"name":"s","size":2,"activation":"sqrt"},{"name":"b","size":2,
    "activation":"relu"},{"name":"t","size":2,"activation":"sqrt"},{"name":"tt","size":2,
    "activation":"tanh"},{"name":"c","size":2,"activation":"identity"},{"name":"o","size":2,
    "activation":"identity"}],"Wz":[{"to":"s","from":"a","map":"identity"},{"to":"t","from":"b",
    "map":"identity"},{"to":"tt","from":"t","map":"identity"},{"to":"c","from":"tt",
    "matrix":[[3,0],[0,5]],"parameter":"c.weight"},{"to":"o","from":"s","map":"identity"},
    {"to":"o","from":"c","map":"identity"}],"Wx":[{"to":"a","matrix":[[1,0.5],[0.25,2]],
    "parameter":"b.weight"},{"to":"b","matrix":[[1,0.5],[0.25,2]],"parameter":"a.weight"}],
    "b":[],"output":"o"}
    """#,
    "noeq.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","name":"h",
    "weight":[[-1.0]],"activation":"relu"},{"type":"dense","name":"o","weight":[[1.0]]}]}
    """#,
    "noeq.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"h","size":1,
    "activation":"relu"},{"name":"g","size":1,"activation":"relu"},{"name":"o","size":1,
    "activation":"identity"}],"Wz":[{"to":"o","from":"h","matrix":[[1.0]],
    "parameter":"o.weight"},{"to":"g","from":"g","matrix":[[2.0]]},{"to":"o","from":"g",
    "matrix":[[1.0]]}],"Wx":[{"to":"h","matrix":[[-1.0]],"parameter":"h.weight"},{"to":"g",
    "matrix":[[1.0]]}],"b":[],"output":"o"}
    """#,
    "softmax.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","name":"h",
    "weight":[[1.0],[2.0],[3.0],[4.0],[5.0],[6.0],[7.0],[8.0],[9.0],[10.0],[11.0],[12.0]],
    "bias":[-1000.0,-1007.0,-1028.0,-1063.0,-1112.0,-1175.0,-1252.0,-1343.0,-1448.0,-1567.0,
    -1700.0,-1847.0],"activation":"relu"},{"type":"reshape","name":"r","shape":[2,3,2]},
    {"type":"softmax","name":"s","dim":1}]}
    """#,
    "softmax.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"h","size":12,
    "activation":"relu"},{"name":"r","shape":[2,3,2],"activation":"identity"},{"name":"s",
    "shape":[1,3,4],"activation":{"type":"softmax","dim":1}}],"Wz":[{"to":"r","from":"h",
    "map":{"type":"reshape","shape":[2,3,2]}},{"to":"s","from":"r","map":"identity"}],
    "Wx":[{"to":"h","matrix":[[1],[2],[3],[4],[5],[6],[7],[8],[9],[10],[11],[12]],
    "parameter":"h.weight"}],"b":[{"to":"h","vector":[-1000,-1007,-1028,-1063,-1112,-1175,-1252,
    -1343,-1448,-1567,-1700,-1847],"parameter":"h.bias"}],"output":"s"}
    """#,
    "split.json": #"""
    {"format":"network","version":1,"input":[2],"layers":[{"type":"dense","name":"h",
    "weight":[[1.0,0.5],[0.3,-2.0]],"activation":"relu","bias":[0.1,0.2]}]}
    """#,
    "split.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[2],"blocks":[{"name":"h","size":2,
    "activation":"identity"},{"name":"r","size":2,"activation":"relu"}],"Wz":[{"to":"r",
    "from":"h","map":"identity"}],"Wx":[{"to":"h","matrix":[[1.0,0.5],[0.3,-2.0]],
    "parameter":"h.weight"}],"b":[{"to":"h","vector":[0.1,0.2],"parameter":"h.bias"}],
    "output":"r"}
    """#,
    "sum.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"block","name":"a",
    "inputs":["input"],"size":1,"activation":"relu","terms":[{"from":"input","matrix":[[1.0]]}],
    "b":[{"tensor":[1e+16,1.0,-1e+16],"map":{"type":"sum","dim":0,"keepdim":true}}]}]}
    """#,
    "sum.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"a","size":1,
    "activation":"relu"}],"Wz":[],"Wx":[{"to":"a","matrix":[[1]]}],"b":[{"to":"a",
    "vector":[0.0]}],"output":"a"}
    """#,
    "tied.json": #"""
    {"format":"network","version":1,"input":[2],"layers":[{"type":"block","name":"a",
    "inputs":["input"],"size":2,"activation":"tanh","terms":[{"from":"input","matrix":[[0.5,
    -0.25],[0.125,0.75]],"parameter":"p"}],"b":[{"vector":[0.1,0.2],"parameter":"c"}]},
    {"type":"block","name":"b","inputs":["a"],"size":2,"activation":"tanh","terms":[{"from":"a",
    "matrix":[[0.5,-0.25],[0.125,0.75]],"parameter":"p"}],"b":[{"vector":[0.1,0.2],
    "parameter":"c"}]}]}
    """#,
    "tied.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[2],"blocks":[{"name":"a","size":2,
    "activation":"tanh"},{"name":"b","size":2,"activation":"tanh"}],"Wz":[{"to":"b","from":"a",
    "matrix":[[0.5,-0.25],[0.125,0.75]]}],"Wx":[{"to":"a","matrix":[[0.5,-0.25],[0.125,0.75]],
    "parameter":"p"}],"b":[{"to":"a","vector":[0.1,0.2],"parameter":"c"},{"to":"b",
    "vector":[0.1,0.2],"parameter":"c"}],"output":"b"}
    """#,
    "lin.json": #"""
    {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","name":"o",
    "weight":[[1.0]],"activation":"identity","bias":[0.5]}]}
    """#,
    "neg.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"o","size":1,
    "activation":"identity"}],"Wz":[],"Wx":[{"to":"o","matrix":[[-1000]],
    "parameter":"o.weight"}],"b":[{"to":"o","vector":[7],"parameter":"o.bias"}],"output":"o"}
    """#,
    "gate.deq.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"k","size":1,
    "activation":"identity"},{"name":"o","size":1,"ports":[[1],[1]],"activation":"product"}],
    "Wz":[{"to":"o","from":"k","port":1,"matrix":[[1.2379400392853803e+27]],
    "parameter":"gate"}],"Wx":[{"to":"o","port":0,"matrix":[[-1.0]],"parameter":"o.weight"}],
    "b":[{"to":"o","port":0,"vector":[-0.5],"parameter":"o.bias"},{"to":"o","port":1,
    "vector":[1.0],"parameter":"one"},{"to":"k","vector":[1.0000000009313226],"parameter":"k1"},
    {"to":"k","vector":[-1.0],"parameter":"k2"},{"to":"k","vector":[-9.313225746154785e-10],
    "parameter":"k3"}],"output":"o"}
    """#,
    "gA.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"z","size":1,
    "activation":"relu"},{"name":"y","size":1,"activation":"sqrt"}],"Wz":[{"to":"z","from":"z",
    "matrix":[[0.5]],"parameter":"W"},{"to":"y","from":"z","map":"identity"}],"Wx":[{"to":"z",
    "matrix":[[1.0]],"parameter":"U"}],"b":[{"to":"z","vector":[0.0],"parameter":"c"}],
    "output":"y"}
    """#,
    "gB.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"z","size":1,
    "activation":"relu"},{"name":"y","size":1,"activation":"sqrt"}],"Wz":[{"to":"z","from":"z",
    "matrix":[[0.5]],"parameter":"V"},{"to":"y","from":"z","map":"identity"}],"Wx":[{"to":"z",
    "matrix":[[1.0]],"parameter":"U"}],"b":[{"to":"z","vector":[0.0],"parameter":"c"}],
    "output":"y"}
    """#,
    "sine.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"z","size":1,
    "activation":"sin"}],"Wz":[{"to":"z","from":"z","matrix":[[3.0]]}],"Wx":[{"to":"z",
    "matrix":[[1.0]]}],"b":[{"to":"z","vector":[0.5]}],"output":"z"}
    """#,
    "sine-ulp.json": #"""
    {"format":"equilibrium","version":1,"input":[1],"blocks":[{"name":"z","size":1,
    "activation":"sin"}],"Wz":[{"to":"z","from":"z","matrix":[[3.0000000000000004]]}],
    "Wx":[{"to":"z","matrix":[[1.0]]}],"b":[{"to":"z","vector":[0.5]}],"output":"z"}
    """#,
    "sigmoid.json": #"""
    {"format":"network","version":1,"input":[1,5],"layers":[{"type":"conv","weight":[[[-1.0,
    0.64,0.69,0.64,-0.84]]],"activation":"sigmoid"}]}
    """#,
    "property.json": #"""
    {"format":"network","version":1,"input":[11],"layers":[{"type":"mean","name":"mean0",
    "dim":0,"bias":[-0.05747429463809618],"activation":"tanhshrink"}]}
    """#,
  ]
}
