// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration

/// A schema with a key of every kind, and what reading a text by it gives.
struct Sample {
    var text: String?
    var flag = false
    var count = 7
    var wait = Duration.seconds(30)
    var colour = "red"
    var colours: [String] = []
    var range = 1...9
    var names: [String] = []
    var number: String?
    var items: [String] = []
    var told: [String] = []

    static let colourWords = ["red", "green", "blue"].map { ($0, $0) }

    init(_ source: String, file: String = "a.toml") {
        let findings = Findings()
        if let root = ConfigurationNode.parse(source, file: file, findings: findings) {
            var reader = TableReader(root: root, findings: findings)
            text = reader.string("text", maximumLength: 12)
            flag = reader.boolean("flag", default: flag)
            var table = reader.table("table")
            count = table.integer("count", in: 1...10, default: count)
            wait = table.duration("wait", in: .seconds(1)...(.seconds(60)), default: wait)
            colour = table.choice("colour", of: Sample.colourWords, default: colour)
            colours = table.choices("colours", of: Sample.colourWords, default: colours)
            range = table.integerRange("range", in: 1...100, default: range)
            names = table.names("names")?.map(\.text) ?? []
            if table.has("number") { number = table.number("number", of: Wording(en: "queue", zh: "队列")) }
            table.finish()
            for item in reader.tables("item") {
                var item = item
                if let name = item.name("name") {
                    items.append(name)
                } else if !item.has("name") {
                    item.missing("name")
                }
                item.finish()
            }
            reader.finish()
        }
        told = findings.inOrder.map { $0.text() }
    }
}
