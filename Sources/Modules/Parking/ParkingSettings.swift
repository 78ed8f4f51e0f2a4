// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Configuration
internal import Diagnostics

/// `parking.toml`: the lots of a site. Without the file there is one, `default`, of the slots 701 to 720.
public struct ParkingSettings: SiteSection {
    public struct Lot: Hashable, Sendable {
        public var name = "default"
        public var first = 701
        public var last = 720
        /// How long somebody waits in a slot before whoever parked him is rung.
        public var timeout = Duration.seconds(45)
        /// How long that one is rung.
        public var ringsFor = Duration.seconds(30)

        public init() {}

        /// In the order in which they are given out.
        public var slots: [String] { (first...last).map { String($0) } }
    }

    public static let file = "parking.toml"
    static let mostSlots = 1000

    public private(set) var lots: [Lot] = []

    public init(_ root: ConfigurationNode?, findings: Findings) {
        guard let root else {
            lots = [Lot()]
            return
        }
        var reader = TableReader(root: root, findings: findings)
        for table in reader.tables("lot") { read(table, findings) }
        reader.finish()
    }

    public var names: [String: Set<String>] { ["park": Set(lots.flatMap(\.slots))] }

    private mutating func read(_ table: TableReader, _ findings: Findings) {
        var table = table
        var lot = Lot()
        lot.name = table.name("name") ?? (lots.isEmpty ? "default" : "")
        lot.first = table.integer("first", in: 1...999_999, default: lot.first)
        lot.last = table.integer("last", in: 1...999_999, default: max(lot.last, lot.first))
        lot.timeout = table.duration("timeout", in: .seconds(5)...(.seconds(3600)), default: lot.timeout)
        lot.ringsFor = table.duration("rings_for", in: .seconds(5)...(.seconds(300)), default: lot.ringsFor)
        table.finish()
        guard !lot.name.isEmpty else { return table.missing("name") }
        guard lot.first <= lot.last, lot.last - lot.first < Self.mostSlots else {
            return findings.error(
                table.spot(of: "last"),
                Wording(
                    en: "\"last\" must not be below \"first\", and a lot has at most \(Self.mostSlots) slots",
                    zh: "\"last\" 不得小于 \"first\"，每个驻留区最多 \(Self.mostSlots) 个位"))
        }
        if let other = lots.first(where: { $0.name == lot.name || $0.first <= lot.last && lot.first <= $0.last }) {
            return findings.error(
                table.spot,
                Wording(
                    en: "parking lot \"\(lot.name)\" has the name or slots of \"\(other.name)\"",
                    zh: "驻留区 \"\(lot.name)\" 与 \"\(other.name)\" 的名称或位号重复"))
        }
        lots.append(lot)
    }

    /// A slot must not be a number that is a seat's: whoever dials it would not get what is parked there.
    public func check(against index: SiteIndex, findings: Findings) {
        for slot in lots.flatMap(\.slots) where index.has("seat", slot) {
            findings.error(
                SourceLocation(file: Self.file, line: 1),
                Wording(en: "parking slot \(slot) is a seat's number", zh: "驻留位 \(slot) 与座席号码相同"))
            return
        }
    }
}
