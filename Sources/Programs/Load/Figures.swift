// SPDX-License-Identifier: AGPL-3.0-or-later

/// What was measured, in order: printed a line each (`name value unit`), or as one JSON object.
struct Figures {
    private var rows: [(name: String, value: String, unit: String)] = []

    mutating func add(_ name: String, _ value: Int, _ unit: String) { rows.append((name, String(value), unit)) }

    mutating func add(_ name: String, _ value: Double, _ unit: String, places: Int = 3) {
        guard value.isFinite else { return }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        rows.append((name, String((value * scale).rounded() / scale), unit))
    }

    func print(asJSON: Bool) {
        if asJSON {
            let items = rows.map { "\"\($0.name)\":\($0.value)" }
            Swift.print("{\(items.joined(separator: ","))}")
        } else {
            for row in rows { Swift.print("\(row.name) \(row.value) \(row.unit)") }
        }
    }
}
