// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Foundation
import Synchronization
import Testing
import Timing

@testable import Sounds

/// A folder of sound files that is gone after the test.
final class SoundFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "sounds-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, making the folders on the way.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let url = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return url.path
    }

    /// 8 kHz, mono, 16 bits.
    @discardableResult
    func write(_ name: String, samples: [Int16], rate: Int = 8000) throws -> String {
        try write(name, Self.wav(samples, rate: rate))
    }

    static func wav(_ samples: [Int16], rate: Int = 8000) -> [UInt8] {
        let header = WAVHeader(
            encoding: .pcm16, channels: 1, samplesPerSecond: UInt32(rate), dataBytes: UInt64(samples.count * 2))
        return header.bytes + raw(samples)
    }

    static func raw(_ samples: [Int16]) -> [UInt8] {
        samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }
}

/// A clock that is moved by hand.
final class HandClock: Sendable {
    private let time = Mutex(Instant(nanoseconds: 0))
    func now() -> Instant { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }
}

/// What was reported.
final class Told: Sendable {
    private let lines = Mutex<[String]>([])
    func say(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

extension SoundLibrary {
    func clip(_ name: String, _ language: String = "en") async -> [Int16]? {
        let clip = await withCheckedContinuation { done in
            find(name, language: language) { done.resume(returning: $0) }
        }
        return clip.map { Array($0.samples) }
    }

    func sound(_ name: String, from position: Duration = .zero) async -> Sound? {
        await withCheckedContinuation { done in
            sound(name, language: "en", from: position) { done.resume(returning: $0) }
        }
    }
}

extension Sound {
    var stream: AudioStream? { if case .stream(let stream) = self { stream } else { nil } }
    var clip: AudioClip? { if case .clip(let clip) = self { clip } else { nil } }
}

/// A player without a clock: takes from a stream what is there, and never more, which would be a miss.
struct Listener {
    let stream: AudioStream
    private let side: AudioStream.ReadSide

    init(_ stream: AudioStream) throws {
        self.stream = stream
        side = try #require(stream.startPlaying())
    }

    /// The next samples as soon as they are there; fewer at the stream's end, or when nothing comes any more.
    func hear(_ count: Int) async throws -> [Int16] {
        var heard: [Int16] = []
        var frame = [Int16](repeating: 0, count: 160)
        var patience = 5000
        while heard.count < count, patience > 0 {
            let waiting = stream.capacity - stream.freeSpace
            guard let got = side.read(into: &frame, count: min(160, count - heard.count, waiting)) else { break }
            heard += frame[0..<got]
            if got == 0 {
                patience -= 1
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        return heard
    }
}

/// Waits for what another thread is about to do; false when it does not.
func comesTrue(_ condition: () -> Bool) async throws -> Bool {
    for _ in 0..<5000 {
        if condition() { return true }
        try await Task.sleep(for: .milliseconds(2))
    }
    return condition()
}

/// `count` samples of a sine.
func sine(_ hertz: Double, rate: Int = 8000, count: Int, amplitude: Double = 10_000) -> [Int16] {
    (0..<count).map { Int16((amplitude * sin(2 * .pi * hertz * Double($0) / Double(rate))).rounded()) }
}
