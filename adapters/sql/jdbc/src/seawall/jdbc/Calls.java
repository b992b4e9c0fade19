package seawall.jdbc;

import java.io.IOException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Runs statements.
 *
 * <p><b>Invariant.</b> "Done" is sent after the statement is committed, and nothing follows a fault.
 */
final class Calls {
    private static final int ROWS = 1;
    private static final int PROCEDURE = 2;
    private static final int KEYS = 4;

    private static final ScheduledExecutorService TIMER =
        Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "time-outs"));
    /** A driver may wait for its database when it cancels, and other time-outs must not wait for that. */
    private static final Executor CANCELS = Executors.newCachedThreadPool(task -> daemon(task, "cancel"));

    private final Connection connection;
    /** Its driver reads whole results into memory unless a transaction is open. */
    private final boolean streamsInTransactions;
    /** Its time-out counts the sending of rows, which a slow reader holds back. */
    private final boolean timesSending;
    /** It gives what a procedure returns as a row, which has to be there still when the value is asked for. */
    private final boolean returnsRows;
    private volatile Statement running;
    private volatile boolean late;

    Calls(Connection connection, String product) {
        this.connection = connection;
        this.streamsInTransactions = "PostgreSQL".equals(product);
        this.returnsRows = "H2".equals(product);
        this.timesSending = "MariaDB".equals(product) || "MySQL".equals(product);
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Stops what is running, if anything is; the statement itself reports it. */
    void cancel() throws SQLException {
        Statement statement = running;
        if (statement != null) {
            statement.cancel();
        }
    }

    void execute(Frame frame, Output out) throws IOException, SQLException {
        int timeoutMs = frame.u32();
        int flags = frame.u8();
        int rowsMax = Math.max(1, frame.u32());
        int bytesMax = Math.max(1, frame.u32());
        int valueMax = frame.u32();
        String sql = frame.text();
        List<Parameter> parameters = new ArrayList<>();
        for (int n = frame.u16(); n > 0; n--) {
            parameters.add(Parameter.read(frame));
        }
        int[] kinds = new int[frame.u16()];
        for (int i = 0; i < kinds.length; i++) {
            kinds[i] = frame.u8();
        }
        String[] keys = new String[frame.u16()];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = frame.text();
        }
        frame.ends();
        Wishes wishes = new Wishes(kinds, rowsMax, bytesMax, valueMax);
        boolean transaction = streamsInTransactions && (flags & ROWS) != 0;
        if (transaction) {
            connection.setAutoCommit(false);
        }
        late = false;
        boolean good = false;
        try (PreparedStatement statement = prepare(sql, flags, keys)) {
            statement.setFetchSize(rowsMax);
            ScheduledFuture<?> timer = limit(statement, timeoutMs, flags);
            try {
                running = statement;
                long affected = run(statement, parameters, flags, wishes, timer, out);
                if (transaction) {
                    connection.commit();
                }
                good = true;
                done(statement, parameters, flags, affected, out);
            } finally {
                running = null;
                timer.cancel(false);
            }
        } catch (SQLException e) {
            throw late && Faults.phase(e) != Faults.GONE
                ? new SQLException("the statement took too long and was stopped", "HYT00", e) : e;
        } finally {
            if (transaction) {
                end(good);
            }
        }
    }

    private void end(boolean good) throws SQLException {
        if (!connection.isClosed()) {
            if (!good) {
                connection.rollback();
            }
            connection.setAutoCommit(true);
        }
    }

    private PreparedStatement prepare(String sql, int flags, String[] keys) throws SQLException {
        if ((flags & PROCEDURE) != 0) {
            return connection.prepareCall(sql);
        }
        if ((flags & KEYS) != 0) {
            return keys.length > 0 ? connection.prepareStatement(sql, keys)
                : connection.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS);
        }
        return connection.prepareStatement(sql);
    }

    /** Time-outs of drivers count in seconds and not all obey them, so there is a timer as well. */
    private ScheduledFuture<?> limit(Statement statement, int timeoutMs, int flags) throws SQLException {
        if (timeoutMs == 0) {
            return TIMER.schedule(() -> {}, 0, TimeUnit.MILLISECONDS);
        }
        if (!timesSending || (flags & ROWS) == 0) {
            statement.setQueryTimeout(timeoutMs / 1000 + 1);
        }
        return TIMER.schedule(() -> CANCELS.execute(() -> {
            late = true;
            try {
                statement.cancel();
            } catch (SQLException | RuntimeException e) {
                // Who started this worker ends it where a statement cannot be stopped.
            }
        }), timeoutMs, TimeUnit.MILLISECONDS);
    }

    private long run(PreparedStatement statement, List<Parameter> parameters, int flags, Wishes wishes,
            ScheduledFuture<?> timer, Output out) throws SQLException, IOException {
        for (int i = 0; i < parameters.size(); i++) {
            parameters.get(i).bind(statement, i + 1);
        }
        boolean isRows = statement.execute();
        if (returnsRows && (flags & PROCEDURE) != 0 && parameters.stream().anyMatch(parameter -> parameter.out)) {
            return -1;
        }
        if ((flags & PROCEDURE) == 0) {
            // From here on a reader may be slow; how long each batch may take is watched by who waits for it.
            timer.cancel(false);
        }
        long affected = -1;
        while (true) {
            if (isRows) {
                rows(statement.getResultSet(), wishes, out);
            } else {
                int count = statement.getUpdateCount();
                if (count < 0) {
                    break;
                }
                affected = Math.max(affected, 0) + count;
            }
            if ((flags & PROCEDURE) == 0) {
                break;
            }
            isRows = statement.getMoreResults();
        }
        if ((flags & KEYS) != 0) {
            rows(statement.getGeneratedKeys(), wishes, out);
        }
        return affected;
    }

    private static void rows(ResultSet rows, Wishes wishes, Output out) throws SQLException, IOException {
        try (rows) {
            Rows.send(rows, wishes, out);
        }
    }

    private static void done(PreparedStatement statement, List<Parameter> parameters, int flags, long affected,
            Output out) throws SQLException, IOException {
        if ((flags & PROCEDURE) != 0) {
            outs((CallableStatement) statement, parameters, out);
        }
        out.begin(0x85).i64(affected).send();
    }

    private static void outs(CallableStatement statement, List<Parameter> parameters, Output out)
            throws SQLException, IOException {
        int count = (int) parameters.stream().filter(parameter -> parameter.out).count();
        if (count == 0) {
            return;
        }
        out.begin(0x87).u16(count);
        for (int i = 0; i < parameters.size(); i++) {
            if (parameters.get(i).out) {
                String value = value(statement, i + 1, parameters.get(i).kind);
                out.u8(value == null ? 1 : 0).text(value);
            }
        }
        out.send();
    }

    private static String value(CallableStatement from, int number, int kind) throws SQLException {
        switch (kind) {
            case Kind.DECIMAL:
            case Kind.INTEGER:
                java.math.BigDecimal exact = from.getBigDecimal(number);
                return exact == null ? null : exact.toPlainString();
            case Kind.TIMESTAMP:
                java.time.LocalDateTime at = from.getObject(number, java.time.LocalDateTime.class);
                return at == null ? null : Moments.text(at);
            case Kind.DATE:
                java.time.LocalDate date = from.getObject(number, java.time.LocalDate.class);
                return date == null ? null : date.toString();
            case Kind.BYTES:
                byte[] bytes = from.getBytes(number);
                return bytes == null ? null : java.util.HexFormat.of().formatHex(bytes);
            case Kind.BOOLEAN:
                boolean value = from.getBoolean(number);
                return from.wasNull() ? null : value ? "true" : "false";
            default:
                return from.getString(number);
        }
    }
}
