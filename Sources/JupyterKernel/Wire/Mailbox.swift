#if canImport(Glibc)
  internal import Glibc
#endif

/// A queue between two threads, whose reader sleeps while it is empty.
final class Mailbox<Item: Sendable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var items: [Item] = []
  private var isClosed = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(filled, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(filled)
    mutex.deallocate()
    filled.deallocate()
  }

  private func locked<R>(_ body: () -> R) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  func put(_ item: Item) {
    locked { items.append(item) }
    pthread_cond_signal(filled)
  }

  /// Waits for an item; nil once the mailbox is closed.
  func next() -> Item? {
    locked {
      while items.isEmpty && !isClosed { pthread_cond_wait(filled, mutex) }
      return isClosed ? nil : items.removeFirst()
    }
  }

  /// Takes out what is chosen, in order.
  func remove(where chosen: (Item) -> Bool) -> [Item] {
    locked {
      let removed = items.filter(chosen)
      if !removed.isEmpty { items.removeAll(where: chosen) }
      return removed
    }
  }

  /// What still waits is dropped.
  func close() {
    locked {
      isClosed = true
      items = []
    }
    pthread_cond_broadcast(filled)
  }
}
