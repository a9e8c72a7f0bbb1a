internal import LuaBridge
internal import Tensors

/// Pictures from files and into files.
enum ImageRows {
  static let rows: [Row] = [
    Row(
      "read_image",
      """
      A picture from a PNG or JPEG file, with numbers from 0 to 1 (16-bit files keep their precision). Grey of a coloured file is 0.299 R + 0.587 G + 0.114 B. \
      Alpha is left out unless 2 or 4 channels are asked for. An orientation that a camera noted is not applied.
      Shapes: the result (channels, H, W).
      Errors: a file that is no PNG or JPEG, is damaged or cut short, or holds more than 256 MB of pixels.
      """, Param("path", String.self),
      Param.option("channels", default: Int?.none, "1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; where left out 1 or 3, as the file has"), place: .function,
      example: "data.write_image(\"example.png\", T.rand(3, 8, 8)); return data.read_image(\"example.png\")"
    ) { path, channels in
      if let channels { guard (1...4).contains(channels) else { throw LuaError("read_image: channels must be 1, 2, 3 or 4, got \(channels)") } }
      return try naming("read_image: \(path)") {
        let file = try ImageFile.read(path: path), channels = channels ?? (file.channels < 3 ? 1 : 3)
        let image = try Tensor(empty: Shape(channels, file.height, file.width), .float32)
        file.planes(channels, into: image.pointer(Float.self))
        return try image.converted(to: .default)
      }
    },
    Row(
      procedure: "write_image",
      """
      Writes a picture as PNG or JPEG, by the file's ending. Floats from 0 (black) to 1 (white), and what passes them is cut; uint8 from 0 to 255; bool.
      Shapes: image (C, H, W) with 1 to 4 channels (1 or 3 for JPEG), or (H, W).
      Errors: another ending or shape; a file that cannot be written.
      """, Param("path", String.self, "ends in .png, .jpg or .jpeg"), Param("image", Tensor.self, "the picture"),
      Param.option("quality", default: 90, "of a JPEG, 1 to 100"),
      place: .function, example: "data.write_image(\"example.png\", T.rand(3, 8, 8))"
    ) { path, image, quality in
      let name = path.lowercased(), isPNG = name.hasSuffix(".png")
      guard isPNG || name.hasSuffix(".jpg") || name.hasSuffix(".jpeg") else { throw LuaError("write_image: the path must end in .png, .jpg or .jpeg, got \(path)") }
      guard (1...100).contains(quality) else { throw LuaError("write_image: quality must lie between 1 and 100, got \(quality)") }
      guard image.rank == 2 || image.rank == 3 else { throw LuaError("write_image: a picture (C,H,W) or (H,W) expected, got \(image.shape)") }
      let shape = image.rank == 2 ? Shape(1, image.shape[0], image.shape[1]) : image.shape, (c, h, w) = (shape[0], shape[1], shape[2])
      guard isPNG ? (1...4).contains(c) : c == 1 || c == 3 else {
        throw LuaError("write_image: \(isPNG ? "a PNG has 1 to 4 channels" : "a JPEG has 1 or 3 channels"), got \(c) (image \(image.shape))")
      }
      guard h > 0, w > 0, h <= 65500, w <= 65500, h * w <= 1 << 26 else { throw LuaError("write_image: a picture of \(h)×\(w) pixels cannot be written") }
      let scale = image.type == .uint8 ? 1.0 : 255
      let values = try image.values(), plane = h * w
      var pixels = [UInt8](repeating: 0, count: c * plane)
      for channel in 0..<c {
        for i in 0..<plane {
          let value = values[channel * plane + i] * scale
          pixels[i * c + channel] = value > 0 ? UInt8(min(value.rounded(), 255)) : 0  // NaN becomes 0
        }
      }
      try naming("write_image: \(path)") {
        let bytes = try ImageFile.encode(pixels, height: h, width: w, channels: c, isPNG ? .png : .jpeg(quality: quality))
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
      }
    },
  ]
}
