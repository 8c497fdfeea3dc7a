#pragma once
#include <zlib.h>

// inflateInit2 is a macro, which Swift does not see: a stream without a header of its own, as zip files have them.
static inline int deq_inflate_init(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }
