#pragma once
#include <stddef.h>
#include <stdint.h>

// libpng and libjpeg report errors by longjmp, which must not pass a Swift frame: it ends here, and becomes a number and a message.

/// Pixels row by row without gaps, a pixel's samples side by side: grey, grey and alpha, RGB, or RGBA.
typedef struct nn_image {
  int32_t width, height, channels;
  /// Bytes of a sample: 1, or 2 in the machine's byte order.
  int32_t depth;
  /// From malloc; NULL where nothing was read.
  uint8_t *pixels;
} nn_image;

/// Why a call failed.
typedef struct nn_image_error {
  char text[256];
} nn_image_error;

/// Reads a picture of at most `most` bytes of pixels. 0, or -1 with the reason.
int nn_png_read(const uint8_t *bytes, size_t count, size_t most, nn_image *image, nn_image_error *error);
int nn_jpeg_read(const uint8_t *bytes, size_t count, size_t most, nn_image *image, nn_image_error *error);

/// The bytes of a file, from malloc. 0, or -1 with the reason.
int nn_png_write(const nn_image *image, uint8_t **bytes, unsigned long *count, nn_image_error *error);
/// - quality: 1 to 100.
int nn_jpeg_write(const nn_image *image, int quality, uint8_t **bytes, unsigned long *count, nn_image_error *error);
