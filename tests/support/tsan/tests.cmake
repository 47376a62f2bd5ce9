# Read by ctest before the tests of the tsan preset: GLib's own allocator hands memory from thread to thread unseen.
set (ENV{G_SLICE} always-malloc)
