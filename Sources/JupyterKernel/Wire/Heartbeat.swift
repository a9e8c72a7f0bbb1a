internal import CZeroMQ

/// Sends back whatever comes, from a thread of its own: front ends see that the kernel lives while Lua and the other sockets are busy.
enum Heartbeat {
  /// Runs until the context ends.
  static func run(_ socket: Socket) {
    // REP answers one message at a time; a proxy from the socket to itself would take the thread's whole time for the same.
    while true {
      var message = zmq_msg_t()
      zmq_msg_init(&message)
      guard zmq_msg_recv(&message, socket.pointer, 0) >= 0 || zmq_errno() != ETERM else {
        zmq_msg_close(&message)
        return
      }
      let more = zmq_msg_more(&message) != 0
      if zmq_msg_send(&message, socket.pointer, more ? ZMQ_SNDMORE : 0) < 0 { zmq_msg_close(&message) }
    }
  }
}
