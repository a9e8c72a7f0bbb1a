import LuaBridge
import Tensors
import Testing

@Suite(.serialized) struct StorageTests {
  @Test func workingMemoryBeyondTheMachineIsRefused() throws {
    try BufferCache.check(workingMemory: 64 << 20)
    let live = ExternalMemory.live
    #expect(throws: OutOfMemory.self) { try BufferCache.check(workingMemory: 1 << 50) }
    #expect(ExternalMemory.live <= live)
  }
}
