extension PythonModuleText {
  /// The module class for PyTorch.
  var torchRuntime: String {
    let solver =
      groupsAreCyclic
      ? """


      # How groups of blocks are solved; Model.load(f_solver="anderson", …) takes any option of get_deq.
      SOLVER = dict(
          ift=True, f_solver="broyden", f_max_iter=200, f_tol=1e-13, f_stop_mode="rel",
          b_solver="broyden", b_max_iter=200, b_tol=1e-13, b_stop_mode="rel")
      """ : ""
    return solver.trimmedStart + Self.torchFunctions + "\n\n\n" + torchClass
  }

  private var groupsAreCyclic: Bool { model.groups.contains(where: \.isCyclic) }

  private static let torchFunctions = """
    def declare(module, name, parameter):
        \"\"\"Gives a module a parameter with a dotted name, such as "fc1.weight", whatever its parts are called.\"\"\"
        *path, leaf = name.split(".")
        for part in path:
            module = module._modules.setdefault(part, torch.nn.Module())
        module._parameters[leaf] = parameter


    def split(z, names):
        \"\"\"The values of blocks, by name, from their flattened values side by side.\"\"\"
        shapes = [BLOCKS[name][2] for name in names]
        parts = z.split([torch.Size(shape).numel() for shape in shapes], dim=1)
        return {name: part.reshape(len(z), *shape) for name, part, shape in zip(names, parts, shapes)}


    def join(values, names):
        \"\"\"The flattened values of blocks side by side.\"\"\"
        return torch.cat([values[name].flatten(1) for name in names], dim=1)


    def evaluate(name, w, c, values, x):
        \"\"\"The value of a block, given those that it reads.\"\"\"
        function, reads, shape = BLOCKS[name]
        value = function(w, c, *[x if source is INPUT else values[source] for source in reads])
        return value.expand(len(x), *shape)
    """

  private var torchClass: String {
    let cyclic = groupsAreCyclic
    let options = cyclic ? ", **solver" : ""
    let deq = cyclic ? "\n        self.deq = get_deq(**(SOLVER | solver))" : ""
    let solve =
      cyclic
      ? "            if cyclic:\n                self.solve(names, w, c, values, x)\n                continue\n"
      : ""
    return """
      class Model(torch.nn.Module):
          \"\"\"The model. Its parameters have the names and shapes of PARAMETERS.\"\"\"

          def __init__(self, dtype=torch.float64\(options)):
              super().__init__()
              for name, shape in PARAMETERS.items():
                  declare(self, name, torch.nn.Parameter(torch.zeros(shape, dtype=dtype)))
              for index, (name, (_, shape)) in enumerate(CONSTANTS.items()):
                  kind = torch.int64 if name.endswith("index") else dtype
                  self.register_buffer(f"constant_{index}", torch.zeros(shape, dtype=kind), persistent=False)\(deq)

          @classmethod
          def load(cls, path=WEIGHTS, dtype=torch.float64\(options)):
              \"\"\"The model with the weights of a file.\"\"\"
              stored = load_file(path)
              model = cls(dtype\(options))
              with torch.no_grad():
                  for name, parameter in model.named_parameters():
                      if name in PARAMETERS:
                          parameter.copy_(stored[name])
                  for index, (name, _) in enumerate(CONSTANTS.values()):
                      getattr(model, f"constant_{index}").copy_(stored[name])
              return model

          def tensors(self):
              \"\"\"The parameters and the constants, by name.\"\"\"
              constants = {name: getattr(self, f"constant_{index}") for index, name in enumerate(CONSTANTS)}
              return dict(self.named_parameters()), constants

          def transition(self, z, x):
              \"\"\"f(z, x): z and its value are [batch, coordinates], the blocks side by side.\"\"\"
              w, c = self.tensors()
              x = x.reshape(len(x), *INPUT_SHAPE)
              values = split(z, BLOCKS)
              return join({name: evaluate(name, w, c, values, x) for name in BLOCKS}, BLOCKS)

          def equilibrium(self, x):
              \"\"\"The value of every block at z = f(z, x), by name.\"\"\"
              w, c = self.tensors()
              x = x.reshape(len(x), *INPUT_SHAPE)
              values = {}
              for cyclic, names in ORDER:
      \(solve)            values[names[0]] = evaluate(names[0], w, c, values, x)
              return values

          def forward(self, x):
              \"\"\"The output at the equilibrium: x is a batch of samples of INPUT_SHAPE, or of as many numbers.\"\"\"
              return self.equilibrium(x)[OUTPUT]
      \(cyclic ? Self.torchSolve : "")
          @staticmethod
          def pattern():
              \"\"\"Which coordinates of z each coordinate of f may read: the pattern mask of W_z, [N, N].\"\"\"
              sizes = {name: torch.Size(shape).numel() for name, (_, _, shape) in BLOCKS.items()}
              rows = []
              for name, (_, reads, _) in BLOCKS.items():
                  row = torch.cat([torch.full((sizes[other],), other in reads) for other in BLOCKS])
                  rows.append(row.expand(sizes[name], -1))
              return torch.cat(rows)

          def to_deq(self, path):
              \"\"\"Writes the model with its parameters as they are now, for deq: path ends in .json.\"\"\"
              path = pathlib.Path(path)
              model = json.loads(STRUCTURE)
              parameters = {name: value.detach().cpu().contiguous() for name, value in self.named_parameters()}
      \(toDEQ)
      """
  }

  private static let torchSolve = """

        def solve(self, names, w, c, values, x):
            \"\"\"Solves a group of blocks that read each other, from zeros, with implicit gradients.\"\"\"

            def f(z):
                state = values | split(z, names)
                return join({name: evaluate(name, w, c, state, x) for name in names}, names)

            size = sum(torch.Size(BLOCKS[name][2]).numel() for name in names)
            states, self.info = self.deq(f, torch.zeros(len(x), size, dtype=x.dtype, device=x.device))
            with torch.no_grad():
                z = states[-1]
                residual = (f(z) - z).abs().max() if z.numel() else 0
                if not residual <= 1e-6 * (1 + z.abs().max()):
                    warnings.warn(f"{', '.join(names)}: no equilibrium found, residual {float(residual):.3g}")
            values.update(split(states[-1], names))

    """

  /// The end of `to_deq`: in both libraries `parameters` are arrays by name, `path` is where to write, and
  /// `model` is the structure.
  var toDEQ: String {
    if names.isMatrixForm {
      return """
                model["Wz"]["matrix"] = parameters["Wz"].tolist()
                model["Wx"]["matrix"] = parameters["Wx"].tolist()
                model["b"]["vector"] = parameters["b"].tolist()
                path.write_text(json.dumps(model) + "\\n")
        """
    }
    return """
              weights = path.with_suffix(".safetensors")
              save_file({name: parameters[name] for name in PARAMETERS}, weights)
              if PARAMETERS:
                  model["weights"] = weights.name
              path.write_text(json.dumps(model, indent=2) + "\\n")
      """
  }
}

extension String {
  /// The text without line breaks at its beginning, and with two at its end unless it is empty.
  fileprivate var trimmedStart: String {
    isEmpty ? "" : String(drop { $0 == "\n" }) + "\n\n\n"
  }
}
