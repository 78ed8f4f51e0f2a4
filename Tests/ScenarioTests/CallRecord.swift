// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// One row of `martlet cdr --json`, as far as scenarios look at it.
struct CallRecord {
    let disposition: String
    let talkSeconds: Double
    let fields: [String: Any]
}

extension SwitchUnderTest {
    /// The record of a finished call between two numbers; waits, as records are written behind the call.
    func record(from: String, to: String, within limit: Duration = .seconds(5)) async throws -> CallRecord {
        let deadline = ContinuousClock.now + limit
        while true {
            let rows = try await rows("cdr")
            let found = rows.last { row in
                let caller = "\(row["from"] ?? "") \(row["caller"] ?? "")"
                return caller.contains(from) && (row["dialled"] as? String)?.contains(to) == true
            }
            if let found { return Self.record(found) }
            guard ContinuousClock.now < deadline else {
                throw ScenarioError("no record of \(from) calling \(to) among \(rows)\n\(log.suffix(3000))")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private static func record(_ row: [String: Any]) -> CallRecord {
        CallRecord(
            disposition: row["disposition"] as? String ?? "",
            talkSeconds: (row["talkSeconds"] as? NSNumber)?.doubleValue ?? -1, fields: row)
    }
}
