package seawall.jdbc;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The worker: listens on a Unix domain socket and gives each connection a session with a thread of its own.
 *
 * <p><b>Invariant.</b> It never outlives the process that started it: it ends when its standard input closes.
 */
final class Main {
    private Main() {}

    /** Sessions by their numbers, so that another connection can cancel what one of them runs. */
    static final Map<Long, Session> SESSIONS = new ConcurrentHashMap<>();

    public static void main(String[] args) throws IOException {
        String token = System.getenv("SEAWALL_WORKER_TOKEN");
        if (args.length != 1 || token == null || token.isEmpty()) {
            System.err.println("usage: SEAWALL_WORKER_TOKEN=... java seawall.jdbc.Main SOCKET");
            System.exit(2);
        }
        endWithStandardInput(Path.of(args[0]));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(Path.of(args[0])));
            while (true) {
                SocketChannel channel = server.accept();
                Thread thread = new Thread(new Session(channel, token)::run, "session");
                thread.setDaemon(true);
                thread.start();
            }
        }
    }

    private static void endWithStandardInput(Path socket) {
        Thread thread = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    // What arrives means nothing; only the end does.
                }
            } catch (IOException e) {
                // A broken pipe is an end, too.
            }
            stopAll();
            leaveNothing(socket);
            Runtime.getRuntime().halt(0);
        }, "standard input");
        thread.setDaemon(true);
        thread.start();
    }

    /** Tells the databases, so that no statement goes on for nobody; a driver may hang in it. */
    private static void stopAll() {
        List<Thread> stops = new ArrayList<>();
        for (Session session : SESSIONS.values()) {
            Thread stop = new Thread(session::stop, "stop");
            stop.setDaemon(true);
            stop.start();
            stops.add(stop);
        }
        long end = System.nanoTime() + 500_000_000L;
        try {
            for (Thread stop : stops) {
                stop.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
            }
        } catch (InterruptedException e) {
            // Nobody interrupts it.
        }
    }

    /** Who started this worker may be gone and cannot clear away after it. */
    private static void leaveNothing(Path socket) {
        Path folder = socket.toAbsolutePath().getParent();
        for (Path file : new Path[] {socket, folder.resolve("bridge.jar"), folder}) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                // There is something else in the folder, which stays.
            }
        }
    }
}
