#include "CImages.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf back;
  nn_image_error *error;
} errors;

static void fail(j_common_ptr codec) {
  errors *e = (errors *)codec->err;
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  snprintf(e->error->text, sizeof e->error->text, "%s", text);
  longjmp(e->back, 1);
}

// libjpeg warns of missing and broken data, and fills the picture with grey: here that is an error.
static void warn(j_common_ptr codec, int level) {
  if (level >= 0) return;
  switch (codec->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_TOO_MUCH_DATA: return;
    default: fail(codec);
  }
}

static void quiet(j_common_ptr codec) { (void)codec; }

// A small file can hold thousands of scans over a large picture.
static void watch(j_common_ptr codec) {
  errors *e = (errors *)codec->err;
  if (!codec->is_decompressor || ((j_decompress_ptr)codec)->input_scan_number <= 200) return;
  snprintf(e->error->text, sizeof e->error->text, "more than 200 scans");
  longjmp(e->back, 1);
}

static void prepare(errors *e, nn_image_error *error) {
  jpeg_std_error(&e->base);
  e->base.error_exit = fail;
  e->base.emit_message = warn;
  e->base.output_message = quiet;
  e->error = error;
}

// Photoshop and all who follow it write CMYK inverted, and say so by an Adobe marker.
static void rgb_of_cmyk(uint8_t *pixels, size_t count, int inverted) {
  for (size_t i = 0; i < count; i++) {
    unsigned k = inverted ? pixels[4 * i + 3] : 255u - pixels[4 * i + 3];
    for (size_t j = 0; j < 3; j++) {
      unsigned c = inverted ? pixels[4 * i + j] : 255u - pixels[4 * i + j];
      pixels[3 * i + j] = (uint8_t)((c * k + 127) / 255);
    }
  }
}

int nn_jpeg_read(const uint8_t *bytes, size_t count, size_t most, nn_image *image, nn_image_error *error) {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_progress_mgr progress = {.progress_monitor = watch};
  errors e;
  // Set between setjmp and longjmp.
  uint8_t *volatile pixels = NULL;
  memset(&jpeg, 0, sizeof jpeg);
  prepare(&e, error);
  jpeg.err = &e.base;
  image->pixels = NULL;
  if (setjmp(e.back)) {
    free(pixels);
    jpeg_destroy_decompress(&jpeg);
    return -1;
  }
  jpeg_create_decompress(&jpeg);
  jpeg.progress = &progress;
  jpeg_mem_src(&jpeg, bytes, count);
  jpeg_read_header(&jpeg, TRUE);
  switch (jpeg.jpeg_color_space) {
    case JCS_GRAYSCALE: jpeg.out_color_space = JCS_GRAYSCALE; break;
    case JCS_CMYK:
    case JCS_YCCK: jpeg.out_color_space = JCS_CMYK; break;
    default: jpeg.out_color_space = JCS_RGB;
  }
  jpeg_calc_output_dimensions(&jpeg);
  size_t width = (size_t)jpeg.output_width * (size_t)jpeg.out_color_components;
  if (jpeg.output_height == 0 || width == 0 || width > most / jpeg.output_height) {
    snprintf(error->text, sizeof error->text, "more pixels than are read");
    longjmp(e.back, 1);
  }
  jpeg_start_decompress(&jpeg);
  pixels = malloc(width * jpeg.output_height);
  if (!pixels) {
    snprintf(error->text, sizeof error->text, "not enough memory");
    longjmp(e.back, 1);
  }
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = pixels + jpeg.output_scanline * width;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  image->width = (int32_t)jpeg.output_width;
  image->height = (int32_t)jpeg.output_height;
  image->channels = jpeg.out_color_components;
  image->depth = 1;
  if (image->channels == 4) {
    rgb_of_cmyk(pixels, (size_t)image->width * (size_t)image->height, jpeg.saw_Adobe_marker);
    image->channels = 3;
  }
  image->pixels = pixels;
  jpeg_destroy_decompress(&jpeg);
  return 0;
}

int nn_jpeg_write(const nn_image *image, int quality, uint8_t **bytes, unsigned long *count, nn_image_error *error) {
  struct jpeg_compress_struct jpeg;
  errors e;
  memset(&jpeg, 0, sizeof jpeg);
  prepare(&e, error);
  jpeg.err = &e.base;
  *bytes = NULL;
  *count = 0;
  if (setjmp(e.back)) {
    free(*bytes);
    *bytes = NULL;
    jpeg_destroy_compress(&jpeg);
    return -1;
  }
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, bytes, count);
  jpeg.image_width = (JDIMENSION)image->width;
  jpeg.image_height = (JDIMENSION)image->height;
  jpeg.input_components = image->channels;
  jpeg.in_color_space = image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = image->pixels + (size_t)jpeg.next_scanline * (size_t)image->width * (size_t)image->channels;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  return 0;
}
