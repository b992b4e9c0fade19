package seawall.jdbc;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Rows of a statement without parameters as pgjdbc's public interface for {@code COPY} hands them out: as lines of text,
 * which come while they are read, at a third of what objects for rows and cells cost.
 *
 * <p><b>Invariant.</b> Only a statement of which every column is told as the long way tells it is run so; one that fails
 * has failed as it would have there.
 */
final class Copy {
    private static final Pattern READS = Pattern.compile("\\s*(SELECT|VALUES)\\b", Pattern.CASE_INSENSITIVE);
    private static final MethodType READ = MethodType.methodType(byte[].class, Object.class);

    private final Object session;
    private final Class<?> type;
    private final String sql;
    private final Column[] columns;
    private final List<Rows.Told> told;
    private boolean active;

    private Copy(Object session, Class<?> type, String sql, Column[] columns, List<Rows.Told> told) {
        this.session = session;
        this.type = type;
        this.sql = sql;
        this.columns = columns;
        this.told = told;
    }

    /** Asks the database what a statement would answer; {@code null} where it has to go the long way. */
    static Copy of(Connection connection, String sql, Wishes wishes) throws SQLException {
        Class<?> type = Direct.session(connection);
        // Two statements would be one too many within brackets; COPY knows some others, and those have their own effects.
        // A session that only reads says so when it begins a transaction, and pgjdbc begins another kind for COPY.
        if (type == null || connection.isReadOnly() || sql.indexOf(';') >= 0 || !READS.matcher(sql).lookingAt()) {
            return null;
        }
        Column[] columns;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            ResultSetMetaData meta = statement.getMetaData();
            columns = meta == null ? null : Rows.columns(meta, wishes, Direct.COPY);
            for (int i = 0; columns != null && i < columns.length; i++) {
                columns = columns[i].isCopied() ? columns : null;
            }
            if (columns == null || columns.length == 0) {
                return null;
            }
            return new Copy(connection, type, sql, columns, Rows.told(meta));
        }
    }

    /** Sends all rows; {@code first} is run as soon as the first of them is there. */
    void send(Wishes wishes, Runnable first, Output out) throws SQLException, IOException {
        boolean ended = false;
        Object copy = null;
        try {
            // A comment at its end must not swallow the bracket.
            Object manager = type.getMethod("getCopyAPI").invoke(session);
            synchronized (this) {
                active = true;
            }
            Method start = manager.getClass().getMethod("copyOut", String.class);
            copy = start.invoke(manager, "COPY (" + sql + "\n) TO STDOUT");
            Class<?> reads = Class.forName("org.postgresql.copy.CopyOut", true, type.getClassLoader());
            MethodHandle read = MethodHandles.publicLookup().unreflect(reads.getMethod("readFromCopy")).asType(READ);
            byte[] line = (byte[]) read.invokeExact(copy);
            first.run();
            Rows.announce(told, out);
            int count = 0;
            for (; line != null; line = (byte[]) read.invokeExact(copy)) {
                int size = row(line);
                count++;
                if (count >= wishes.rowsMax || size >= wishes.bytesMax) {
                    Rows.batch(columns, count, out);
                    count = 0;
                }
            }
            ended = true;
            if (count > 0) {
                Rows.batch(columns, count, out);
            }
        } catch (Throwable e) {
            throw Copy.<RuntimeException>unwrapped(e);
        } finally {
            end(ended ? null : copy);
        }
    }

    /** Throws what is in the way of reflection as what it is. */
    @SuppressWarnings("unchecked")
    private static <E extends Throwable> E unwrapped(Throwable e) throws E {
        throw (E) (e instanceof java.lang.reflect.InvocationTargetException && e.getCause() != null ? e.getCause() : e);
    }

    /** Adds a line to the columns and returns the bytes of the batch. */
    private int row(byte[] line) throws SQLException {
        int from = 0;
        int size = 0;
        for (Column column : columns) {
            from = column.add(line, from) + 1;
            size += column.size();
        }
        if (from != line.length) {
            throw new SQLException("a row has other columns than it should have", "08P01");
        }
        return size;
    }

    /** Stops it, if it is still running: a cancel that came late would hit what the session does next. */
    synchronized void cancel() throws SQLException {
        if (active) {
            try {
                type.getMethod("cancelQuery").invoke(session);
            } catch (ReflectiveOperationException e) {
                throw new SQLException("the driver does not cancel", "HY000", e);
            }
        }
    }

    /** Ends it; what is left of a torn one is read by nobody, and the session goes on behind it. */
    private void end(Object torn) {
        try {
            if (torn != null) {
                cancel();
                Method read = Class.forName("org.postgresql.copy.CopyOut", true, type.getClassLoader())
                    .getMethod("readFromCopy");
                while (read.invoke(torn) != null) {
                    // It is on its way already.
                }
            }
        } catch (ReflectiveOperationException | SQLException | RuntimeException e) {
            // That it was cancelled, or what broke it, which is being told.
        }
        synchronized (this) {
            active = false;
        }
    }
}
