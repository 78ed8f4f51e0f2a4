// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// Mono 8 kHz sound as 16-bit samples, read from RIFF/WAVE files of PCM, A-law or µ-law.
struct Wave {
    var samples: [Int16]

    static let rate = 8000

    var seconds: Double { Double(samples.count) / Double(Self.rate) }

    init(samples: [Int16]) { self.samples = samples }

    /// Reads a file even when its writer was killed: a data length beyond the file means "to the end".
    init(file: URL) throws {
        let bytes = try [UInt8](Data(contentsOf: file))
        func word(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
        func long(_ at: Int) -> Int { word(at) | word(at + 2) << 16 }
        func tag(_ at: Int) -> String { String(decoding: bytes[at..<at + 4], as: UTF8.self) }
        guard bytes.count >= 44, tag(0) == "RIFF", tag(8) == "WAVE" else {
            throw ScenarioError("\(file.lastPathComponent) is no WAVE file")
        }
        var at = 12
        var format = 0
        while at + 8 <= bytes.count {
            let length = long(at + 4)
            if tag(at) == "fmt " {
                format = word(at + 8)
                guard word(at + 10) == 1, long(at + 12) == Self.rate else {
                    throw ScenarioError("\(file.lastPathComponent): \(word(at + 10)) channels at \(long(at + 12)) Hz")
                }
            } else if tag(at) == "data" {
                let end = length == 0 ? bytes.count : min(bytes.count, at + 8 + length)
                samples = try Self.decode(bytes[(at + 8)..<end], format)
                return
            }
            at += 8 + length + length % 2
        }
        throw ScenarioError("\(file.lastPathComponent) holds no sound")
    }

    private static func decode(_ bytes: ArraySlice<UInt8>, _ format: Int) throws -> [Int16] {
        switch format {
        case 1:
            let base = bytes.startIndex
            return (0..<bytes.count / 2).map { index in
                Int16(bitPattern: UInt16(bytes[base + 2 * index]) | UInt16(bytes[base + 2 * index + 1]) << 8)
            }
        case 6: return bytes.map(aLaw)
        case 7: return bytes.map(muLaw)
        default: throw ScenarioError("WAVE format \(format) is not read here")
        }
    }

    /// ITU-T G.711 A-law to linear.
    private static func aLaw(_ byte: UInt8) -> Int16 {
        let code = byte ^ 0x55
        let exponent = Int((code >> 4) & 7)
        let mantissa = Int(code & 0x0f) << 4
        let magnitude = exponent == 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1)
        return Int16(code & 0x80 != 0 ? magnitude : -magnitude)
    }

    /// ITU-T G.711 µ-law to linear.
    private static func muLaw(_ byte: UInt8) -> Int16 {
        let code = ~byte
        let magnitude = ((Int(code & 0x0f) << 3) + 0x84) << Int((code >> 4) & 7)
        return Int16(code & 0x80 != 0 ? 0x84 - magnitude : magnitude - 0x84)
    }

    /// Root mean square of the whole, 0 ... 32767.
    var level: Double {
        guard !samples.isEmpty else { return 0 }
        return (samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count)).squareRoot()
    }
}
