// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPTransport
import Testing

@Suite struct ShardingTests {
    @Test func ourOwnCallIDsNameTheirShard() {
        #expect(SIPTransport.callIDPrefix(ofShard: 3) == "03-")
        #expect(SIPTransport.callIDPrefix(ofShard: 0xAB) == "ab-")
        for count in [2, 3, 200, 256] {
            for shard in 0..<count {
                let callID = SIPTransport.callIDPrefix(ofShard: shard) + "f00d@martlet"
                #expect(SIPTransport.shard(ofCallID: callID, shardCount: count) == shard)
            }
        }
    }

    @Test func foreignCallIDsSpreadAndStay() {
        var hits = [Int](repeating: 0, count: 4)
        for number in 0..<4_000 {
            let callID = "\(number)-4711@192.0.2.1"
            let shard = SIPTransport.shard(ofCallID: callID, shardCount: 4)
            #expect(shard == SIPTransport.shard(ofCallID: callID, shardCount: 4))
            hits[shard] += 1
        }
        for hit in hits { #expect((800...1_200).contains(hit), "\(hits)") }
    }

    @Test(arguments: ["", "-", "ff-", "ff-x", "é-", "zz-zz", "07-"])
    func oddCallIDsHaveAShardToo(_ callID: String) {
        #expect((0..<7).contains(SIPTransport.shard(ofCallID: callID, shardCount: 7)))
        #expect(SIPTransport.shard(ofCallID: callID, shardCount: 1) == 0)
    }
}
