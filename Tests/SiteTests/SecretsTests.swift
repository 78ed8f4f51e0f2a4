// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Glibc
import Site
import Testing

@Suite("Secrets")
struct SecretsTests {
    /// A data folder that does not exist yet, within one that is removed at the end.
    private final class Place {
        let site: Site
        private let folder: SiteFolder
        var data: String { folder.path + "/data" }
        var file: String { data + "/secrets.toml" }

        init(seats: String? = nil) throws {
            folder = SiteFolder(seats.map { ["seats.toml": .some($0)] } ?? [:])
            site = try #require(folder.load().site)
        }

        deinit {
            unlink(file)
            rmdir(data)
        }

        func mode(_ path: String) -> mode_t {
            var status = stat()
            stat(path, &status)
            return status.st_mode & 0o777
        }
    }

    @Test("Made at the first start for every seat and gateway, for the owner's eyes alone")
    func firstStart() throws {
        let place = try Place()
        let secrets = try Secrets.load(dataFolder: place.data, for: place.site)
        #expect(secrets.seats.keys.sorted() == ["8001", "8002", "8003"])
        #expect(secrets.trunks.keys.sorted() == ["gateway"])
        #expect(place.mode(place.data) == 0o700)
        #expect(place.mode(place.file) == 0o600)
        let all = Array(secrets.seats.values) + Array(secrets.trunks.values)
        #expect(Set(all).count == 4)
        #expect(all.allSatisfy { $0.count == 20 && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } })
    }

    @Test("Kept at later starts; a new seat gets its own, a seat gone keeps its line")
    func laterStart() throws {
        let place = try Place()
        let first = try Secrets.load(dataFolder: place.data, for: place.site)
        let grown = try #require(
            SiteFolder(["seats.toml": "[[seats]]\nfirst = 8001\nlast = 8001\n[[seat]]\nnumber = 8004"]).load().site)
        let second = try Secrets.load(dataFolder: place.data, for: grown)
        #expect(second.seats.keys.sorted() == ["8001", "8002", "8003", "8004"])
        for number in ["8001", "8002", "8003"] { #expect(second.seats[number] == first.seats[number]) }
        #expect(second.trunks == first.trunks)
    }

    @Test("A secret changed by hand counts", arguments: ["Correct-Horse-7", "abcdefghijkl"])
    func changedByHand(_ secret: String) throws {
        let place = try Place()
        mkdir(place.data, 0o700)
        SiteFolder.write("[seats]\n8001 = \"\(secret)\"\n", to: place.file, mode: 0o600)
        #expect(try Secrets.load(dataFolder: place.data, for: place.site).seats["8001"] == secret)
        #expect(try Secrets.load(dataFolder: place.data, for: place.site).seats["8001"] == secret)
    }

    @Test("A weak or unusable secret is refused with its line, and not shown")
    func weak() throws {
        for secret in ["1234", "short-one", "has a blank in it", ""] {
            let place = try Place()
            mkdir(place.data, 0o700)
            SiteFolder.write("[seats]\n8001 = \"\(secret)\"\n", to: place.file, mode: 0o600)
            let error = #expect(throws: SecretsError.self) { try Secrets.load(dataFolder: place.data, for: place.site) }
            let text = try #require(error).message.en
            #expect(text.contains("secrets.toml:2:8: error: the secret of \"8001\""))
            #expect(secret.isEmpty || !text.contains(secret))
        }
    }

    @Test("A file that others may read is refused", arguments: [0o640, 0o604, 0o620] as [mode_t])
    func exposedFile(_ mode: mode_t) throws {
        let place = try Place()
        _ = try Secrets.load(dataFolder: place.data, for: place.site)
        chmod(place.file, mode)
        let error = #expect(throws: SecretsError.self) { try Secrets.load(dataFolder: place.data, for: place.site) }
        #expect(try #require(error).message.en.contains("chmod 600 \(place.file)"))
    }

    @Test("A folder that others may write is refused")
    func exposedFolder() throws {
        let place = try Place()
        mkdir(place.data, 0o700)
        chmod(place.data, 0o770)
        #expect(throws: SecretsError.exposed(path: place.data, mode: "0770", isFolder: true)) {
            try Secrets.load(dataFolder: place.data, for: place.site)
        }
    }

    @Test("A link in the file's place is refused")
    func link() throws {
        let place = try Place()
        mkdir(place.data, 0o700)
        symlink("/etc/hostname", place.file)
        #expect(throws: SecretsError.self) { try Secrets.load(dataFolder: place.data, for: place.site) }
    }

    @Test("A write that failed leaves no half file: one left behind does no harm")
    func leftOver() throws {
        let place = try Place()
        mkdir(place.data, 0o700)
        SiteFolder.write("half", to: place.file + ".new", mode: 0o600)
        _ = try Secrets.load(dataFolder: place.data, for: place.site)
        #expect(access(place.file + ".new", F_OK) != 0)
    }
}
