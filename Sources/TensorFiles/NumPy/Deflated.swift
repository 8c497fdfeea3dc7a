import CZlib

/// The deflated bytes: as a zip file holds them, or with the header and the checksum of zlib.
package func deflated(_ bytes: [UInt8], hasHeader: Bool) -> [UInt8] {
  var stream = z_stream()
  let isOpen = deq_deflate_init(&stream, hasHeader ? 1 : 0) == Z_OK
  precondition(isOpen, "zlib without memory")
  defer { deflateEnd(&stream) }
  var result: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  bytes.withUnsafeBufferPointer { input in
    var position = 0
    var status = Z_OK
    repeat {
      // A count of zlib has 32 bits.
      let length = min(input.count - position, 1 << 30)
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + position })
      stream.avail_in = UInt32(length)
      position += length
      let flush = position == input.count ? Z_FINISH : Z_NO_FLUSH
      repeat {
        let written = piece.withUnsafeMutableBufferPointer { output in
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          status = deflate(&stream, flush)
          return output.count - Int(stream.avail_out)
        }
        result += piece[..<written]
      } while stream.avail_out == 0
    } while position < input.count && status == Z_OK
  }
  return result
}

/// The CRC-32 of bytes, as zip files have it.
package func checksum(of bytes: [UInt8]) -> UInt32 {
  UInt32(truncatingIfNeeded: crc32_z(0, bytes, bytes.count))
}
