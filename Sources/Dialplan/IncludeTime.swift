// SPDX-License-Identifier: AGPL-3.0-or-later

/// A moment on the wall clock of the site, as time conditions see it.
public struct CivilTime: Hashable, Sendable {
    /// Minutes since midnight, 0…1439.
    public var minuteOfDay: Int
    /// 0 is Sunday.
    public var weekday: Int
    /// 1…31.
    public var day: Int
    /// 1…12.
    public var month: Int
    /// Of the common era; time conditions do not look at it.
    public var year: Int

    public init(minuteOfDay: Int, weekday: Int, day: Int, month: Int, year: Int) {
        self.minuteOfDay = minuteOfDay
        self.weekday = weekday
        self.day = day
        self.month = month
        self.year = year
    }
}

/// `9:00-17:00,mon-fri,*,*`: times of day, weekdays, days of the month, months. Ranges may wrap
/// (`22:00-6:00`, `fri-mon`); both ends belong to the range; several are joined by `&`.
public struct IncludeTime: Hashable, Sendable {
    private var minutes: [ClosedRange<Int>] = []
    private var weekdays: [ClosedRange<Int>] = []
    private var days: [ClosedRange<Int>] = []
    private var months: [ClosedRange<Int>] = []

    private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// nil when `text` is no time condition. Missing fields are `*`; a fifth, the time zone, is
    /// not read: times are the site's.
    public init?(_ text: String) {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { String($0).trimmingSpaces.asciiLowercased }
        guard fields.count <= 5 else { return nil }
        func field(_ index: Int) -> String { index < fields.count ? fields[index] : "*" }
        guard let minutes = Self.ranges(field(0), in: 0...1439, value: Self.minute),
            let weekdays = Self.ranges(
                field(1), in: 0...6, value: { Self.weekdayNames.firstIndex(of: $0) }),
            let days = Self.ranges(field(2), in: 1...31, value: { Int($0) }),
            let months = Self.ranges(
                field(3), in: 1...12,
                value: { Self.monthNames.firstIndex(of: $0).map { $0 + 1 } })
        else { return nil }
        self.minutes = minutes
        self.weekdays = weekdays
        self.days = days
        self.months = months
    }

    public func contains(_ time: CivilTime) -> Bool {
        minutes.contains { $0.contains(time.minuteOfDay) }
            && weekdays.contains { $0.contains(time.weekday) }
            && days.contains { $0.contains(time.day) }
            && months.contains { $0.contains(time.month) }
    }

    private static func minute(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]),
            (0...23).contains(hour), (0...59).contains(minute)
        else { return nil }
        return hour * 60 + minute
    }

    private static func ranges(
        _ text: String, in bounds: ClosedRange<Int>, value: (String) -> Int?
    ) -> [ClosedRange<Int>]? {
        if text.isEmpty || text == "*" { return [bounds] }
        var ranges: [ClosedRange<Int>] = []
        for part in text.split(separator: "&", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
                .map { String($0).trimmingSpaces }
            guard let first = ends.first.flatMap(value), bounds.contains(first) else { return nil }
            guard ends.count == 2 else {
                ranges.append(first...first)
                continue
            }
            guard let last = value(ends[1]), bounds.contains(last) else { return nil }
            if first <= last {
                ranges.append(first...last)
            } else {
                ranges.append(first...bounds.upperBound)
                ranges.append(bounds.lowerBound...last)
            }
        }
        return ranges
    }
}
