package seawall.jdbc;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Method;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.Arrays;

/**
 * Texts that a driver hands out as the bytes that it got from the database.
 *
 * <p>pgjdbc does: what {@code getBytes} gives of a column that came as text, and is no {@code bytea}, are the bytes of
 * which {@code getString} would make a text. It says by its public interface which columns came so.
 *
 * <p><b>Invariant.</b> What is copied is, byte for byte, what the long way would have written.
 */
final class Direct {
    /** Types whose text is what is wanted, so that pgjdbc had better not ask for them in binary and make a text of it. */
    static final String AS_TEXT = "INT2,INT4,INT8,NUMERIC,DATE,TIMESTAMP";
    /** For whoever suspects that something goes wrong here, and for the test that nothing does. */
    private static final boolean WANTED = !"false".equals(System.getProperty("seawall.direct"));
    private static final Direct NEVER = new Direct(null, false);
    /** The lines of {@code COPY}, of which everything is text. */
    static final Direct COPY = new Direct(null, true);
    private static final String PGJDBC = "org.postgresql.jdbc.";
    private static final VarHandle LONGS =
        MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGH = ONES << 7;
    private static final long TABS = ONES * '\t';
    private static final long BACKSLASHES = ONES * '\\';
    /** What pgjdbc answers for the format of a column that came as text. */
    private static final Integer TEXT = 0;

    private final Method format;
    private final boolean all;

    /** {@code format} says how a column came; {@code all}: all of them are text. */
    private Direct(Method format, boolean all) {
        this.format = format;
        this.all = all;
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
                    .getMethod("getFormat", int.class), false);
        } catch (ReflectiveOperationException e) {
            // A version of the driver without it.
            return NEVER;
        }
    }

    /** Returns pgjdbc's interface of a connection; {@code null} of another driver, or where texts are not in UTF-8. */
    static Class<?> session(Connection connection) {
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
            return same && (all || format != null && TEXT.equals(format.invoke(meta, column)));
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            return false;
        }
    }

    /** A day of the years that ISO 8601 writes with four digits. */
    static boolean isDate(byte[] text, int from, int end) {
        return end - from == 10 && text[from + 4] == '-' && text[from + 7] == '-';
    }

    /** A time of such a day; what stands behind the seconds begins with a point, or is an era. */
    static boolean isTimestamp(byte[] text, int from, int end) {
        return end - from >= 19 && text[from + 4] == '-' && text[from + 10] == ' ' && text[end - 1] != 'C'
            && (end - from == 19 || text[from + 19] == '.');
    }

    /** Copies a text to a place; most are so short that a call of the system's copy would take longer. */
    static void copy(byte[] text, int from, int count, byte[] to, int at) {
        if (count > 32) {
            System.arraycopy(text, from, to, at, count);
        } else if (count >= 8) {
            for (int i = 0; i < count - 8; i += 8) {
                LONGS.set(to, at + i, (long) LONGS.get(text, from + i));
            }
            // It overlaps what is copied already.
            LONGS.set(to, at + count - 8, (long) LONGS.get(text, from + count - 8));
        } else {
            for (int i = 0; i < count; i++) {
                to[at + i] = text[from + i];
            }
        }
    }

    /** Returns where a value of a line ends, or where it has a backslash before; the line ends with a line feed. */
    static int end(byte[] line, int from) {
        int last = line.length - 1;
        int at = from;
        for (; at <= last - 8; at += 8) {
            long word = (long) LONGS.get(line, at);
            long found = noughts(word ^ TABS) | noughts(word ^ BACKSLASHES);
            if (found != 0) {
                return at + (Long.numberOfTrailingZeros(found) >> 3);
            }
        }
        while (at < last && line[at] != '\t' && line[at] != '\\') {
            at++;
        }
        return at;
    }

    /** Returns a word with the highest bit of a byte set where the first byte is nought; behind that it may err. */
    private static long noughts(long word) {
        return word - ONES & ~word & HIGH;
    }

    /** Returns where a value ends whose first backslash stands at a place. */
    static int escapedEnd(byte[] line, int backslash) throws SQLException {
        int at = backslash;
        while (at < line.length && line[at] == '\\') {
            at = end(line, at + 2);
        }
        if (at >= line.length) {
            throw new SQLException("a row has fewer columns than it should have", "08P01");
        }
        return at;
    }

    /** Returns a value without its backslashes; {@code null} if it is NULL. */
    static byte[] unescaped(byte[] line, int from, int end) {
        if (end - from == 2 && line[from] == '\\' && line[from + 1] == 'N') {
            return null;
        }
        byte[] value = new byte[end - from];
        int length = 0;
        for (int at = from; at < end; at++) {
            byte letter = line[at];
            if (letter == '\\') {
                letter = line[++at];
                int known = "bfnrtv".indexOf(letter);
                letter = known < 0 ? letter : (byte) "\b\f\n\r\t\u000b".charAt(known);
            }
            value[length++] = letter;
        }
        return Arrays.copyOf(value, length);
    }

    /** Returns a whole number of at most 64 bits. */
    static long number(byte[] line, int from, int end) throws SQLException {
        int at = from < end && line[from] == '-' ? from + 1 : from;
        // More digits could be too many, and are counted the long way.
        if (at == end || end - at > 18) {
            return Long.parseLong(text(line, from, end));
        }
        long value = 0;
        for (int i = at; i < end; i++) {
            int digit = line[i] - '0';
            if (digit < 0 || digit > 9) {
                throw new SQLException("a number has something else than digits", "22003");
            }
            value = value * 10 + digit;
        }
        return at > from ? -value : value;
    }

    static String text(byte[] line, int from, int end) {
        return new String(line, from, end - from, StandardCharsets.UTF_8);
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

    /** Returns a place up to which all is ASCII: the end, or one that is less than eight bytes before something else. */
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
