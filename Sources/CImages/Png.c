#include "CImages.h"
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t count, place;
} source;

typedef struct {
  uint8_t **bytes;
  unsigned long *count;
  size_t room;
} target;

static void fail(png_structp png, png_const_charp text) {
  nn_image_error *error = png_get_error_ptr(png);
  snprintf(error->text, sizeof error->text, "%s", text);
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void take(png_structp png, png_bytep to, size_t count) {
  source *from = png_get_io_ptr(png);
  if (count > from->count - from->place) png_error(png, "cut short");
  memcpy(to, from->bytes + from->place, count);
  from->place += count;
}

int nn_png_read(const uint8_t *bytes, size_t count, size_t most, nn_image *image, nn_image_error *error) {
  source from = {bytes, count, 0};
  // Set between setjmp and longjmp.
  uint8_t *volatile pixels = NULL;
  png_bytep *volatile rows = NULL;
  image->pixels = NULL;
  snprintf(error->text, sizeof error->text, "not enough memory");
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, fail, ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    free(pixels);
    free(rows);
    png_destroy_read_struct(&png, &info, NULL);
    return -1;
  }
  png_set_user_limits(png, 1 << 24, 1 << 24);
  png_set_chunk_malloc_max(png, 8 << 20);
  png_set_read_fn(png, &from, take);
  png_read_info(png, info);
  png_set_expand(png);  // palettes to RGB, bits to bytes, transparent colours to alpha
  if (png_get_bit_depth(png, info) == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) png_set_swap(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t height = png_get_image_height(png, info), width = png_get_rowbytes(png, info);
  if (height == 0 || width == 0 || width > most / height) png_error(png, "more pixels than are read");
  pixels = malloc(width * height);
  rows = malloc(height * sizeof *rows);
  if (!pixels || !rows) png_error(png, "not enough memory");
  for (size_t i = 0; i < height; i++) rows[i] = pixels + i * width;
  png_read_image(png, rows);
  png_read_end(png, NULL);
  image->width = (int32_t)png_get_image_width(png, info);
  image->height = (int32_t)height;
  image->channels = png_get_channels(png, info);
  image->depth = png_get_bit_depth(png, info) / 8;
  image->pixels = pixels;
  free(rows);
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}

static void put(png_structp png, png_bytep from, size_t count) {
  target *to = png_get_io_ptr(png);
  if (to->room - *to->count < count) {
    size_t room = 2 * to->room + count;
    uint8_t *bytes = realloc(*to->bytes, room);
    if (!bytes) png_error(png, "not enough memory");
    *to->bytes = bytes;
    to->room = room;
  }
  memcpy(*to->bytes + *to->count, from, count);
  *to->count += count;
}

static void flush(png_structp png) { (void)png; }

int nn_png_write(const nn_image *image, uint8_t **bytes, unsigned long *count, nn_image_error *error) {
  static const int colours[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  target to = {bytes, count, 0};
  *bytes = NULL;
  *count = 0;
  snprintf(error->text, sizeof error->text, "not enough memory");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, error, fail, ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    free(*bytes);
    *bytes = NULL;
    png_destroy_write_struct(&png, &info);
    return -1;
  }
  png_set_user_limits(png, 1 << 24, 1 << 24);
  png_set_write_fn(png, &to, put, flush);
  png_set_IHDR(
      png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8, colours[image->channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
      PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int32_t i = 0; i < image->height; i++) png_write_row(png, image->pixels + (size_t)i * image->width * image->channels);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return 0;
}
