package seawall.jdbc;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Method;
import java.nio.ByteOrder;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;

/**
 * Texts that a driver hands out as the bytes that it got from the database.
 *
 * <p>pgjdbc does: what {@code getBytes} gives of a column that came as text, and is no {@code bytea}, are the bytes of
 * which {@code getString} would make a text. It says by its public interface which columns came so.
 *
 * <p><b>Invariant.</b> What is copied is, byte for byte, what the long way would have written.
 */
final class Direct {
    /** For whoever suspects that something goes wrong here, and for the test that nothing does. */
    private static final boolean WANTED = !"false".equals(System.getProperty("seawall.direct"));
    private static final Direct NEVER = new Direct(null);
    private static final String PGJDBC = "org.postgresql.jdbc.";
    private static final VarHandle LONGS =
        MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH = 0x8080808080808080L;
    /** What pgjdbc answers for the format of a column that came as text. */
    private static final Integer TEXT = 0;

    /** Says how a column came; {@code null} where nobody does. */
    private final Method format;

    private Direct(Method format) {
        this.format = format;
    }

    /** Asks the driver of a result. */
    static Direct of(ResultSet rows) throws SQLException {
        // A result need not come from a statement that runs.
        if (!rows.getClass().getName().startsWith(PGJDBC)) {
            return NEVER;
        }
        Class<?> session = session(rows.getStatement().getConnection());
        try {
            return session == null ? NEVER
                : new Direct(Class.forName("org.postgresql.PGResultSetMetaData", true, session.getClassLoader())
                    .getMethod("getFormat", int.class));
        } catch (ReflectiveOperationException e) {
            // A version of the driver without it.
            return NEVER;
        }
    }

    /** Returns pgjdbc's interface of a connection; {@code null} of another driver, or where texts are not in UTF-8. */
    private static Class<?> session(Connection connection) {
        if (!WANTED || !connection.getClass().getName().startsWith(PGJDBC)) {
            return null;
        }
        try {
            ClassLoader loader = connection.getClass().getClassLoader();
            Class<?> session = Class.forName("org.postgresql.PGConnection", true, loader);
            Object charset = session.getMethod("getParameterStatus", String.class).invoke(connection, "client_encoding");
            return "UTF8".equals(charset) ? session : null;
        } catch (ReflectiveOperationException e) {
            return null;
        }
    }

    /** Returns whether the bytes of a column, of the kind as which the driver tells it, are its text in a kind. */
    boolean gives(ResultSetMetaData meta, int column, int told, int kind) throws SQLException {
        if (format == null) {
            return false;
        }
        boolean same;
        switch (kind) {
            case Kind.TEXT:
                same = told != Kind.BYTES;
                break;
            case Kind.DECIMAL:
                same = told == Kind.DECIMAL || told == Kind.INTEGER;
                break;
            case Kind.CHAR:
            case Kind.NATIONAL:
            case Kind.INTEGER:
            case Kind.DATE:
            case Kind.TIMESTAMP:
                same = told == kind;
                break;
            default:
                same = false;
        }
        try {
            return same && TEXT.equals(format.invoke(meta, column));
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            return false;
        }
    }

    /** Returns whether it is a day of the years that ISO 8601 writes with four digits. */
    static boolean isDate(byte[] text) {
        return text.length == 10 && text[4] == '-' && text[7] == '-';
    }

    /** Returns whether it is a time of such a day; what stands behind the seconds begins with a point, or is an era. */
    static boolean isTimestamp(byte[] text) {
        int length = text.length;
        return length >= 19 && text[4] == '-' && text[10] == ' ' && text[length - 1] != 'C'
            && (length == 19 || text[19] == '.');
    }

    /** Copies a text to a place; most are so short that a call of the system's copy would take longer. */
    static void copy(byte[] text, byte[] to, int at) {
        int count = text.length;
        if (count > 32) {
            System.arraycopy(text, 0, to, at, count);
        } else if (count >= 8) {
            for (int i = 0; i < count - 8; i += 8) {
                LONGS.set(to, at + i, (long) LONGS.get(text, i));
            }
            // It overlaps what is copied already.
            LONGS.set(to, at + count - 8, (long) LONGS.get(text, count - 8));
        } else {
            for (int i = 0; i < count; i++) {
                to[at + i] = text[i];
            }
        }
    }

    /** Returns whether these texts, which lie one behind the other, are UTF-8 each. */
    static boolean areTexts(byte[] bytes, int length, int[] ends, int count) {
        int ascii = ascii(bytes, 0, length);
        if (ascii == length) {
            return true;
        }
        boolean whole = isUtf8(bytes, ascii, length);
        for (int i = 0; i < count; i++) {
            whole &= ends[i] == length || (bytes[ends[i]] & 0xc0) != 0x80;
        }
        return whole;
    }

    /** Returns the place up to which all is ASCII. */
    private static int ascii(byte[] bytes, int from, int end) {
        int at = from;
        while (at <= end - 8 && ((long) LONGS.get(bytes, at) & HIGH) == 0) {
            at += 8;
        }
        while (at < end && bytes[at] >= 0) {
            at++;
        }
        return at;
    }

    private static boolean isUtf8(byte[] bytes, int from, int end) {
        for (int at = from; at < end; at = ascii(bytes, at, end)) {
            int first = bytes[at++] & 0xff;
            int more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
            if (first < 0xc2 || first > 0xf4 || at + more > end) {
                return false;
            }
            int point = first & 0x3f >> more;
            for (int stop = at + more; at < stop; at++) {
                if ((bytes[at] & 0xc0) != 0x80) {
                    return false;
                }
                point = point << 6 | bytes[at] & 0x3f;
            }
            boolean shortest = point >= (more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000);
            if (!shortest || point > Character.MAX_CODE_POINT || point >> 11 == 0xd800 >> 11) {
                return false;
            }
        }
        return true;
    }
}
