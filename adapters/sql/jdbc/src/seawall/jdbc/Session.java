package seawall.jdbc;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * One session: a connection to the database and what it is told to do, one thing after the other.
 *
 * <p><b>Invariant.</b> Every frame is answered, and no answer holds a secret; a frame that is no frame ends the session.
 */
final class Session {
    private static final int VERSION = 1;
    /** Characters of a piece of the catalog; all of them are ASCII or of at most three bytes. */
    private static final int PIECE = 256 << 10;

    private final SocketChannel channel;
    private final String token;
    private final Output out;
    /** What was read ahead: enough to notice that the other side has gone while a statement runs. */
    private final BlockingQueue<Frame> frames = new ArrayBlockingQueue<>(8);
    private long id;
    private Connection connection;
    private volatile Calls calls;

    Session(SocketChannel channel, String token) {
        this.channel = channel;
        this.token = token;
        this.out = new Output(channel);
    }

    void run() {
        try (channel) {
            if (greeted(Frame.read(channel))) {
                Thread reader = new Thread(this::read, "reader");
                reader.setDaemon(true);
                reader.start();
                while (answered(frames.take())) {
                    // One frame after the other.
                }
            }
        } catch (IOException | InterruptedException e) {
            // The other side has gone, or does not speak as we do: there is nobody to tell.
        } finally {
            Main.SESSIONS.remove(id, this);
            close();
        }
    }

    /** Reads ahead; whoever closes the connection stops what runs for it. */
    private void read() {
        try {
            for (Frame frame = Frame.read(channel); frame.kind != Frame.END; frame = Frame.read(channel)) {
                frames.put(frame);
            }
        } catch (IOException | InterruptedException e) {
            // What is no frame is an end.
        }
        stop();
        try {
            frames.put(Frame.end());
        } catch (InterruptedException e) {
            // Nobody interrupts it.
        }
    }

    /** Stops what runs, if anything does. */
    void stop() {
        Calls running = calls;
        try {
            if (running != null) {
                running.cancel();
            }
        } catch (SQLException | RuntimeException e) {
            // A statement that cannot be stopped is ended with its worker.
        }
    }

    private boolean greeted(Frame frame) throws IOException {
        if (frame.kind != 0x01) {
            return false;
        }
        int version = frame.u16();
        byte[] given = frame.text().getBytes(StandardCharsets.UTF_8);
        id = frame.i64();
        if (version != VERSION || !MessageDigest.isEqual(given, token.getBytes(StandardCharsets.UTF_8))) {
            return false;
        }
        if (id != 0) {
            Main.SESSIONS.put(id, this);
        }
        ready();
        return true;
    }

    private void ready() throws IOException {
        out.begin(0x81).u16(VERSION).send();
    }

    /** Returns whether more may follow. */
    private boolean answered(Frame frame) throws IOException {
        if (frame.kind == Frame.END) {
            return false;
        }
        try {
            switch (frame.kind) {
                case 0x02:
                    open(frame);
                    return true;
                case 0x03:
                    opened().execute(frame, out);
                    return true;
                case 0x05:
                    cancel(frame.i64());
                    return true;
                case 0x06:
                    ping();
                    return true;
                case 0x07:
                    catalog(frame);
                    return true;
                default:
                    throw new IOException("a frame of an unknown kind");
            }
        } catch (SQLException e) {
            fault(Faults.state(e), e.getErrorCode(), e.getMessage(), isClosed() ? Faults.GONE : Faults.phase(e));
        } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
            // A driver that fails in its own way has broken its connection, as far as anybody can know.
            fault("HY000", 0, "the driver failed: " + e.getClass().getName(), Faults.GONE);
        }
        return true;
    }

    /** A driver that has closed its connection says so, whatever it called the error. */
    private boolean isClosed() {
        try {
            return connection != null && connection.isClosed();
        } catch (SQLException e) {
            return true;
        }
    }

    private void fault(String state, int code, String message, int phase) throws IOException {
        out.begin(0x8f).text(state).u32(code).text(message).u8(phase).send();
    }

    private void open(Frame in) throws IOException, SQLException {
        String url = in.text();
        String user = in.text();
        String password = in.text();
        int loginMs = in.u32();
        boolean readOnly = in.flag();
        Properties properties = new Properties();
        for (int n = in.u16(); n > 0; n--) {
            String key = in.text();
            properties.put(key, in.text());
        }
        List<String> settings = new ArrayList<>();
        for (int n = in.u16(); n > 0; n--) {
            settings.add(in.text());
        }
        in.ends();
        if (!user.isEmpty()) {
            properties.put("user", user);
        }
        if (!password.isEmpty()) {
            properties.put("password", password);
        }
        if (url.startsWith("jdbc:postgresql:")) {
            // After some calls of a statement pgjdbc would ask for values in binary, and then make other texts of them than
            // the database does: of bytes, where they lie in memory. What the URL says counts more than a property.
            properties.putIfAbsent("binaryTransfer", "false");
        }
        close();
        loadDriver();
        DriverManager.setLoginTimeout(Math.max(1, (loginMs + 999) / 1000));
        connection = DriverManager.getConnection(url, properties);
        prepare(readOnly, settings);
        DatabaseMetaData about = connection.getMetaData();
        calls = new Calls(connection, about.getDatabaseProductName());
        out.begin(0x82).text(about.getDatabaseProductName()).text(about.getDatabaseProductVersion())
            .text(about.getDriverName() + " " + about.getDriverVersion()).send();
    }

    private static void loadDriver() throws SQLException {
        String name = System.getProperty("seawall.driver", "");
        if (name.isEmpty()) {
            return;
        }
        try {
            Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new SQLException("the class " + name + " is in none of the driver's jars", "08001");
        }
    }

    private void prepare(boolean readOnly, List<String> settings) throws SQLException {
        connection.setAutoCommit(true);
        noticeTheDead();
        if (readOnly) {
            connection.setReadOnly(true);
        }
        try (Statement statement = connection.createStatement()) {
            for (String setting : settings) {
                statement.execute(setting);
            }
        }
    }

    /** PostgreSQL does not notice by itself that a client was killed while a statement runs; before version 14 it cannot. */
    private void noticeTheDead() throws SQLException {
        if (!"PostgreSQL".equals(connection.getMetaData().getDatabaseProductName())) {
            return;
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET client_connection_check_interval = 1000");
        } catch (SQLException e) {
            if (Faults.phase(e) == Faults.GONE) {
                throw e;
            }
        }
    }

    private Calls opened() throws SQLException {
        if (calls == null) {
            throw new SQLException("the session has no connection yet", "08003");
        }
        return calls;
    }

    private void cancel(long session) throws IOException, SQLException {
        Session other = Main.SESSIONS.get(session);
        Calls running = other == null ? null : other.calls;
        // It is heard; how long a driver takes to cancel is its own affair.
        ready();
        if (running != null) {
            running.cancel();
        }
    }

    private void ping() throws IOException, SQLException {
        opened();
        if (!connection.isValid(5)) {
            throw new SQLException("the connection is not valid any more", "08003");
        }
        ready();
    }

    private void catalog(Frame in) throws IOException, SQLException {
        List<String> patterns = new ArrayList<>();
        for (int n = in.u16(); n > 0; n--) {
            patterns.add(in.text());
        }
        opened();
        String catalog = new Catalog(connection).read(patterns);
        for (int from = 0; from < catalog.length(); from += PIECE) {
            out.begin(0x86).text(catalog.substring(from, Math.min(catalog.length(), from + PIECE))).send();
        }
        out.begin(0x85).i64(-1).send();
    }

    private void close() {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException | RuntimeException e) {
            // It goes with the session anyway.
        }
        connection = null;
        calls = null;
    }
}
