import LinearAlgebra

/// The largest element of each window of each of `planes` planes, as `[planes, windows]`; −∞ where a window has none.
///
/// NaN is larger than any number. First the lines of a window are compared, whole lines at a time, into one line with
/// −∞ in the padding; then the elements of that line.
@specialized(where S == Double)
@specialized(where S == Float)
func findMaxima<S: Scalar>(_ p: [S], planes: Int, _ geometry: WindowGeometry) -> [S] {
  let (depths, rows) = (geometry.spans(axis: 0), geometry.spans(axis: 1))
  let (inputArea, outputArea) = (geometry.inputArea, geometry.outputArea)
  let (height, width, count) = (geometry.input[1], geometry.input[2], geometry.output[2])
  let (stepZ, stepY, stepX) = (geometry.dilation[0], geometry.dilation[1], geometry.dilation[2])
  let (kernel, stride, before) = (geometry.kernel[2], geometry.stride[2], geometry.before[2])
  let lineLength = max(before + width, (count - 1) * stride + (kernel - 1) * stepX + 1)
  return S.array(count: planes * outputArea) { maxima in
    p.withUnsafeBufferPointer { p in
      inParts(of: planes, grain: 1 + elementsPerPart / inputArea) { part in
        withUnsafeTemporaryAllocation(of: S.self, capacity: lineLength) { padded in
          padded.initialize(repeating: -.infinity)
          let line = padded.baseAddress! + before
          for plane in part {
            let source = p.baseAddress! + plane * inputArea
            var target = maxima.baseAddress! + plane * outputArea
            for depth in depths {
              for row in rows {
                line.update(repeating: -.infinity, count: width)
                for z in 0..<depth.count {
                  let layer = (depth.first + z * stepZ) * height + row.first
                  for y in 0..<row.count {
                    let start = source + (layer + y * stepY) * width
                    for x in 0..<width { line[x] = larger(line[x], start[x]) }
                  }
                }
                var window = padded.baseAddress!
                for _ in 0..<count {
                  var largest = window[0]
                  for x in 1..<kernel { largest = larger(largest, window[x * stepX]) }
                  target.initialize(to: largest)
                  target += 1
                  window += stride
                }
              }
            }
          }
        }
      }
    }
  }
}

/// Adds the number of each window at the position of its first largest element, NaN being larger than any number.
@specialized(where S == Double)
@specialized(where S == Float)
func addToWinners<S: Scalar>(
  _ windows: [S], of p: [S], planes: Int, _ geometry: WindowGeometry, to target: inout [S]
) {
  let spans = (0..<3).map { geometry.spans(axis: $0) }
  let (inputArea, outputArea) = (geometry.inputArea, geometry.outputArea)
  let (height, width) = (geometry.input[1], geometry.input[2])
  let (stepZ, stepY, stepX) = (geometry.dilation[0], geometry.dilation[1], geometry.dilation[2])
  p.withUnsafeBufferPointer { p in
    windows.withUnsafeBufferPointer { windows in
      target.withUnsafeMutableBufferPointer { target in
        inParts(of: planes, grain: 1 + elementsPerPart / inputArea) { part in
          for plane in part {
            let source = p.baseAddress! + plane * inputArea
            let sums = target.baseAddress! + plane * inputArea
            var window = windows.baseAddress! + plane * outputArea
            for depth in spans[0] {
              for row in spans[1] {
                for column in spans[2] {
                  var winner = -1
                  var largest = -S.infinity
                  for z in 0..<depth.count {
                    let layer = (depth.first + z * stepZ) * height + row.first
                    for y in 0..<row.count {
                      var position = (layer + y * stepY) * width + column.first
                      for _ in 0..<column.count {
                        let value = source[position]
                        if value > largest || value != value || winner < 0 {
                          (winner, largest) = (position, value)
                        }
                        position += stepX
                      }
                    }
                  }
                  if winner >= 0 { sums[winner] += window.pointee }
                  window += 1
                }
              }
            }
          }
        }
      }
    }
  }
}

/// The larger of two numbers, the first of equal ones; NaN is larger than any number.
@inline(__always)
private func larger<S: Scalar>(_ a: S, _ b: S) -> S { b > a || b != b ? b : a }
