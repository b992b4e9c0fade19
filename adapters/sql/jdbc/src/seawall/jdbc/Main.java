package seawall.jdbc;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
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
        endWithStandardInput();
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

    private static void endWithStandardInput() {
        Thread thread = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    // What arrives means nothing; only the end does.
                }
            } catch (IOException e) {
                // A broken pipe is an end, too.
            }
            Runtime.getRuntime().halt(0);
        }, "standard input");
        thread.setDaemon(true);
        thread.start();
    }
}
