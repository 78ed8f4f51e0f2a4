// SPDX-License-Identifier: AGPL-3.0-or-later
public import Dialplan
internal import Glibc
public import Timing

/// The machine's time zone.
public enum LocalTime {
    private static func fields(_ time: WallTime) -> tm {
        var seconds = time_t(time.microseconds / 1_000_000)
        var fields = tm()
        localtime_r(&seconds, &fields)
        return fields
    }

    public static let civil: @Sendable (WallTime) -> CivilTime = { time in
        let fields = fields(time)
        return CivilTime(
            minuteOfDay: Int(fields.tm_hour) * 60 + Int(fields.tm_min), weekday: Int(fields.tm_wday),
            day: Int(fields.tm_mday), month: Int(fields.tm_mon) + 1, year: Int(fields.tm_year) + 1900)
    }

    /// By strftime(3); at most 255 bytes.
    static func text(_ time: WallTime, format: String) -> String {
        var fields = fields(time)
        var buffer = [CChar](repeating: 0, count: 256)
        let length = strftime(&buffer, buffer.count, format, &fields)
        return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
