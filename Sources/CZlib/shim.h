#pragma once
#include <zlib.h>

// inflateInit2 is a macro, which Swift cannot import. It opens a stream without a header, as in zip files.
static inline int deq_inflate_init(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }

// deflateInit2 likewise: without a header it makes what zip files hold, with one what MATLAB's files hold.
static inline int deq_deflate_init(z_stream *stream, int has_header) {
  return deflateInit2(stream, 6, Z_DEFLATED, has_header ? MAX_WBITS : -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}
