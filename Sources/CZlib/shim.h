#pragma once
#include <zlib.h>

// inflateInit2 is a macro, which Swift cannot import. It opens a stream without a header, as in zip files.
static inline int deq_inflate_init(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }
