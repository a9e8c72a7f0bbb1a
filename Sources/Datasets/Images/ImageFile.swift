internal import CImages
internal import LuaBridge
internal import Tensors

#if canImport(Glibc)
  internal import Glibc
#endif

/// A picture as its file holds it; PNG by libpng, JPEG by libjpeg.
final class ImageFile {
  private var image: nn_image
  var height: Int { Int(image.height) }
  var width: Int { Int(image.width) }
  /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
  var channels: Int { Int(image.channels) }

  /// Bytes of a file, and of its pixels, at most.
  private static let most = 1 << 28

  /// - Errors: no PNG or JPEG, damaged, cut short, larger than 256 MB.
  init(_ bytes: UnsafeRawBufferPointer) throws {
    image = nn_image()
    var error = nn_image_error()
    let base = bytes.bindMemory(to: UInt8.self).baseAddress
    let status: Int32, kind: String
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      status = nn_png_read(base, bytes.count, Self.most, &image, &error)
      kind = "PNG"
    } else if bytes.starts(with: [0xFF, 0xD8]) {
      status = nn_jpeg_read(base, bytes.count, Self.most, &image, &error)
      kind = "JPEG"
    } else {
      throw LuaError(bytes.isEmpty ? "is empty" : "is no PNG and no JPEG: it begins with other bytes")
    }
    guard status == 0 else { throw LuaError("\(kind) cannot be read: \(Self.text(&error))") }
  }

  static func read(path: String) throws -> ImageFile {
    let source = try ByteSource(path: path)
    guard source.count <= most else { throw LuaError("is larger than \(most >> 20) MB") }
    return try source.bytes(at: 0, count: source.count).withUnsafeBytes { try ImageFile($0) }
  }

  deinit { free(image.pixels) }

  static func text(_ error: inout nn_image_error) -> String {
    withUnsafeBytes(of: &error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// Writes planes (channels, height, width) of numbers from 0 to 1. Alpha is dropped where no more than 1 or 3 channels are asked for;
  /// grey of RGB is ITU-R BT.601's luma, 0.299 R + 0.587 G + 0.114 B.
  func planes(_ wanted: Int, into target: UnsafeMutablePointer<Float>) {
    if image.depth == 2 {
      fill(UnsafeRawPointer(image.pixels!).assumingMemoryBound(to: UInt16.self), 65535, wanted, target)
    } else {
      fill(image.pixels!, 255, wanted, target)
    }
  }

  @inline(__always)
  private func fill<S: FixedWidthInteger>(_ pixels: UnsafePointer<S>, _ white: Float, _ wanted: Int, _ target: UnsafeMutablePointer<Float>) {
    let count = height * width, stored = channels
    let isGrey = stored < 3, hasAlpha = stored % 2 == 0
    if wanted < 3, !isGrey {
      for i in 0..<count {
        let p = pixels + i * stored
        target[i] = (0.299 * Float(p[0]) + 0.587 * Float(p[1]) + 0.114 * Float(p[2])) / white
      }
    } else {
      for channel in 0..<(wanted < 3 ? 1 : 3) {
        let plane = target + channel * count, p = pixels + (isGrey ? 0 : channel)
        for i in 0..<count { plane[i] = Float(p[i * stored]) / white }
      }
    }
    guard wanted % 2 == 0 else { return }
    let plane = target + (wanted - 1) * count, p = pixels + (stored - 1)
    for i in 0..<count { plane[i] = hasAlpha ? Float(p[i * stored]) / white : 1 }
  }

  // MARK: writing

  enum Format { case png, jpeg(quality: Int) }

  /// The bytes of a file.
  static func encode(_ pixels: [UInt8], height: Int, width: Int, channels: Int, _ format: Format) throws -> [UInt8] {
    var pixels = pixels, error = nn_image_error(), bytes: UnsafeMutablePointer<UInt8>?, count: UInt = 0
    let status = pixels.withUnsafeMutableBufferPointer { buffer in
      var image = nn_image(width: Int32(width), height: Int32(height), channels: Int32(channels), depth: 1, pixels: buffer.baseAddress)
      return switch format {
      case .png: nn_png_write(&image, &bytes, &count, &error)
      case .jpeg(let quality): nn_jpeg_write(&image, Int32(quality), &bytes, &count, &error)
      }
    }
    guard status == 0, let bytes else { throw LuaError("cannot be written: \(text(&error))") }
    defer { free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
  }
}
