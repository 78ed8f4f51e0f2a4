// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration
internal import Diagnostics

/// Reads `seats.toml`: `[[seats]]` makes a row of seats, `[[seat]]` makes one or changes one of a row.
struct SeatSchema {
    /// Sixteen seats are the measure, thousands the aim; the bound catches a slip in `last`.
    static let limit = 10_000
    private static let owner = Wording(en: "seat", zh: "座席")

    private(set) var seats: [String: Seat] = [:]
    /// Where each seat's context is named, for the check against the dialplan.
    private(set) var contextSpots: [String: SourceLocation] = [:]
    /// Classes of music that seats name.
    private(set) var musicSpots: [(name: String, spot: SourceLocation)] = []
    private var fromRow: Set<String> = []
    private let site: SiteSchema
    private let findings: Findings

    init(_ root: ConfigurationNode, site: SiteSchema, findings: Findings) {
        self.site = site
        self.findings = findings
        var reader = TableReader(root: root, findings: findings)
        for table in reader.tables("seats") { readRow(table) }
        for table in reader.tables("seat") { readSeat(table) }
        reader.finish()
        if seats.isEmpty, !findings.hasErrors {
            findings.warning(
                SourceLocation(file: root.spot.file, line: 1),
                Wording(en: "the site has no seats", zh: "站点没有座席"))
        }
    }

    // MARK: Tables

    private mutating func readRow(_ table: TableReader) {
        var table = table
        let first = table.number("first", of: SeatSchema.owner)
        let last = table.number("last", of: SeatSchema.owner)
        let pattern = table.string("name", maximumLength: 80)
        let template = readSettings(&table, base: nil, number: "")
        table.finish()
        guard let first, let last, let from = Int(first), let to = Int(last) else { return }
        guard first.count == last.count, from <= to else {
            findings.error(
                table.spot(of: "last"),
                Wording(
                    en: "\"last\" must have as many digits as \"first\" and not be below it",
                    zh: "\"last\" 的位数应与 \"first\" 相同，且不小于它"))
            return
        }
        guard to - from < SeatSchema.limit, seats.count + to - from < SeatSchema.limit else {
            findings.error(
                table.spot(of: "last"),
                Wording(
                    en: "more than \(SeatSchema.limit) seats", zh: "座席超过 \(SeatSchema.limit) 个"))
            return
        }
        for value in from...to {
            let digits = String(value)
            let number = String(repeating: "0", count: first.count - digits.count) + digits
            var seat = template
            seat.number = number
            seat.name = pattern.map { SeatSchema.replacing("{number}", in: $0, by: number) } ?? "Seat \(number)"
            if let other = seats[number] {
                duplicate(number, at: table.spot(of: "first"), first: other.spot)
                return
            }
            fromRow.insert(number)
            seats[number] = seat
            contextSpots[number] = table.spot(of: "context")
        }
    }

    private mutating func readSeat(_ table: TableReader) {
        var table = table
        let number = table.number("number", of: SeatSchema.owner)
        let name = table.string("name", maximumLength: 80)
        let base = number.flatMap { seats[$0] }
        var seat = readSettings(&table, base: base, number: number ?? "")
        table.finish()
        guard let number else { return }
        if let base {
            guard fromRow.remove(number) != nil else {
                duplicate(number, at: table.spot(of: "number"), first: base.spot)
                return
            }
        } else if seats.count >= SeatSchema.limit {
            findings.error(
                table.spot,
                Wording(en: "more than \(SeatSchema.limit) seats", zh: "座席超过 \(SeatSchema.limit) 个"))
            return
        }
        seat.name = name ?? base?.name ?? "Seat \(number)"
        if base == nil || table.has("context") { contextSpots[number] = table.spot(of: "context") }
        seats[number] = seat
    }

    // MARK: Values

    private mutating func readSettings(_ table: inout TableReader, base: Seat?, number: String) -> Seat {
        let isOperator = table.boolean("operator", default: base?.isOperator ?? false)
        // A row's own number of calls goes over to a seat of it, the limit's default does not.
        let standard = isOperator ? site.limits.callsPerOperator : site.limits.callsPerSeat
        let inherited = base.flatMap { $0.isOperator == isOperator ? $0.calls : nil }
        var seat = Seat(
            number: number, name: "",
            language: table.choice(
                "language", of: SiteLanguage.allCases.map { ($0.rawValue, $0) },
                default: base?.language ?? site.language),
            context: table.string("context", maximumLength: 80) ?? base?.context ?? "seats",
            calls: table.integer("calls", in: 1...64, default: inherited ?? standard), isOperator: isOperator,
            registrations: table.integer(
                "registrations", in: 1...32, default: base?.registrations ?? site.limits.registrationsPerSeat),
            spot: table.spot)
        seat.callWaiting = table.boolean("call_waiting", default: base?.callWaiting ?? true)
        let music = table.string("hold_music", maximumLength: 32)
        if let music { musicSpots.append((music, table.spot(of: "hold_music"))) }
        seat.holdMusic = music ?? base?.holdMusic
        let reminder = table.duration(
            "hold_reminder", in: .zero...(.seconds(3600)), default: base?.holdReminder ?? .zero)
        seat.holdReminder = reminder > .zero ? max(reminder, .seconds(5)) : nil
        seat.holdRecall = table.boolean("hold_recall", default: base?.holdRecall ?? false)
        readServices(&table, of: &seat, base: base)
        return seat
    }

    /// What the seat may do with its calls, and where they go that it does not take.
    private func readServices(_ table: inout TableReader, of seat: inout Seat, base: Seat?) {
        let base = base ?? seat
        seat.mayTransfer = table.boolean("transfer", default: base.mayTransfer)
        seat.transferContext = table.string("transfer_context", maximumLength: 80) ?? base.transferContext
        seat.mayPark = table.boolean("park", default: base.mayPark)
        seat.pickupGroups = table.names("pickup_groups").map { Set($0.map(\.text)) } ?? base.pickupGroups
        seat.followsRedirects = table.boolean("redirects", default: base.followsRedirects)
        seat.onBusy = destination("on_busy", of: &table) ?? base.onBusy
        seat.onNoAnswer = destination("on_no_answer", of: &table) ?? base.onNoAnswer
        seat.onUnreachable = destination("on_unreachable", of: &table) ?? base.onUnreachable
        seat.noAnswerAfter =
            table.has("no_answer_after")
            ? table.duration("no_answer_after", in: .seconds(1)...(.seconds(600)), default: .seconds(20))
            : base.noAnswerAfter
    }

    private func destination(_ key: String, of table: inout TableReader) -> Destination? {
        guard let text = table.string(key, maximumLength: Destination.longestText) else { return nil }
        do throws(DestinationError) {
            return try Destination(parsing: text)
        } catch {
            findings.error(
                table.spot(of: key), error.wording,
                hint: Wording(
                    en: "a number, Seat/NUMBER, Trunk/NAME/NUMBER, Context/CONTEXT/EXTEN or Hangup",
                    zh: "号码、Seat/号码、Trunk/名称/号码、Context/上下文/分机 或 Hangup"))
            return nil
        }
    }

    private func duplicate(_ number: String, at spot: SourceLocation, first: SourceLocation) {
        findings.error(
            spot,
            Wording(
                en: "seat \(number) is defined twice, first in line \(first.line)",
                zh: "座席 \(number) 重复定义，首次在第 \(first.line) 行"))
    }

    private static func replacing(_ marker: String, in text: String, by value: String) -> String {
        var out = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "{") {
            out += rest[..<start]
            rest = rest[start...]
            if rest.hasPrefix(marker) {
                out += value
                rest = rest.dropFirst(marker.count)
            } else {
                out.append(rest.removeFirst())
            }
        }
        return out + rest
    }
}
