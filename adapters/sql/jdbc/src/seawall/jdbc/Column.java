package seawall.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;

/**
 * One column of a batch: values side by side, in the representation that a frame has.
 *
 * <p><b>Invariant.</b> A value that cannot be given exactly is an error of the statement, never another value.
 */
final class Column {
    static final int AS_TEXT = 0;
    static final int AS_I64 = 1;
    static final int AS_F64 = 2;
    static final int AS_BYTES = 3;

    final int kind;
    final int representation;
    private final int number;
    private final boolean single;
    private final boolean direct;
    private final int valueMax;
    private byte[] bytes = new byte[4096];
    private int length;
    private int[] ends = new int[64];
    private long[] words = new long[64];
    private byte[] nulls = new byte[8];
    private boolean hasNulls;
    private int rows;

    /**
     * {@code single}: the database keeps floats of 32 bits; {@code direct}: the bytes of a value are its text;
     * {@code valueMax}: bytes of the longest value.
     */
    Column(int number, int kind, int representation, boolean single, boolean direct, int valueMax) {
        this.number = number;
        this.kind = kind;
        this.representation = representation;
        this.single = single;
        this.direct = direct;
        this.valueMax = valueMax;
    }

    /** Bytes that the batch has of this column. */
    int size() {
        return length + rows * 8;
    }

    void clear() {
        Arrays.fill(nulls, (byte) 0);
        hasNulls = false;
        rows = 0;
        length = 0;
        if (bytes.length > 1 << 20) {
            bytes = new byte[4096];
        }
    }

    /** Adds the value of the row at which the cursor stands. */
    void add(ResultSet from) throws SQLException {
        if (rows == ends.length) {
            ends = Arrays.copyOf(ends, rows * 2);
            words = Arrays.copyOf(words, rows * 2);
            nulls = Arrays.copyOf(nulls, rows / 4);
        }
        boolean isNull = !take(from);
        if (isNull) {
            nulls[rows >> 3] |= (byte) (1 << (rows & 7));
            hasNulls = true;
        }
        ends[rows] = length;
        rows++;
    }

    private boolean take(ResultSet from) throws SQLException {
        switch (representation) {
            case AS_I64:
                words[rows] = from.getLong(number);
                return words[rows] != 0 || !from.wasNull();
            case AS_F64:
                words[rows] = Double.doubleToRawLongBits(floating(from));
                return !from.wasNull();
            case AS_BYTES:
                return raw(from);
            default:
                return direct ? copied(from) : told(from);
        }
    }

    private boolean told(ResultSet from) throws SQLException {
        String text = text(from);
        if (text != null) {
            put(text);
        }
        return text != null;
    }

    /** Takes the bytes of a text as they have come from the database; a moment of an unusual form goes the long way. */
    private boolean copied(ResultSet from) throws SQLException {
        byte[] text = from.getBytes(number);
        if (text == null) {
            return false;
        }
        if (kind == Kind.DATE && !Direct.isDate(text) || kind == Kind.TIMESTAMP && !Direct.isTimestamp(text)) {
            return told(from);
        }
        limit(text.length);
        reserve(text.length);
        Direct.copy(text, bytes, length);
        if (kind == Kind.TIMESTAMP) {
            bytes[length + 10] = 'T';
        }
        length += text.length;
        return true;
    }

    /** A float of 32 bits becomes the double that has the same shortest digits. */
    private double floating(ResultSet from) throws SQLException {
        if (!single) {
            return from.getDouble(number);
        }
        float value = from.getFloat(number);
        return Float.isFinite(value) ? Double.parseDouble(Float.toString(value)) : value;
    }

    private String text(ResultSet from) throws SQLException {
        switch (kind) {
            case Kind.DECIMAL:
                return plain(from.getString(number));
            case Kind.DATE:
                return Moments.date(from, number);
            case Kind.TIME:
                return Moments.time(from, number);
            case Kind.TIMESTAMP:
                return Moments.timestamp(from, number);
            case Kind.ZONED:
                return Moments.instant(from, number);
            case Kind.BOOLEAN:
                boolean value = from.getBoolean(number);
                return from.wasNull() ? null : value ? "true" : "false";
            default:
                return from.getString(number);
        }
    }

    /** Some drivers write numbers with an exponent, or without a digit before the point. */
    static String plain(String number) {
        if (number == null || number.isEmpty()) {
            return number;
        }
        boolean odd = number.charAt(0) == '.' || number.startsWith("-.");
        for (int i = 0; i < number.length() && !odd; i++) {
            odd = number.charAt(i) == 'E' || number.charAt(i) == 'e';
        }
        return odd ? new BigDecimal(number).toPlainString() : number;
    }

    private boolean raw(ResultSet from) throws SQLException {
        try (InputStream stream = from.getBinaryStream(number)) {
            if (stream == null) {
                return false;
            }
            int start = length;
            for (int read = 0; read >= 0; length += Math.max(read, 0)) {
                limit(length - start);
                reserve(8192);
                read = stream.read(bytes, length, 8192);
            }
            return true;
        } catch (IOException e) {
            throw new SQLException("a large object could not be read", "HY000", e);
        }
    }

    /** UTF-8, without an array of its own for each text. */
    private void put(String text) throws SQLException {
        int count = text.length();
        limit(count);
        reserve(count * 3);
        int start = length;
        for (int i = 0; i < count; i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                bytes[length++] = (byte) c;
            } else if (c < 0x800) {
                bytes[length++] = (byte) (0xc0 | c >> 6);
                bytes[length++] = (byte) (0x80 | c & 0x3f);
            } else if (!Character.isSurrogate(c)) {
                bytes[length++] = (byte) (0xe0 | c >> 12);
                bytes[length++] = (byte) (0x80 | c >> 6 & 0x3f);
                bytes[length++] = (byte) (0x80 | c & 0x3f);
            } else if (Character.isHighSurrogate(c) && i + 1 < count && Character.isLowSurrogate(text.charAt(i + 1))) {
                int point = Character.toCodePoint(c, text.charAt(++i));
                bytes[length++] = (byte) (0xf0 | point >> 18);
                bytes[length++] = (byte) (0x80 | point >> 12 & 0x3f);
                bytes[length++] = (byte) (0x80 | point >> 6 & 0x3f);
                bytes[length++] = (byte) (0x80 | point & 0x3f);
            } else {
                throw new SQLException("a text in column " + number + " is not Unicode", "22021");
            }
        }
        limit(length - start);
    }

    private void limit(int taken) throws SQLException {
        if (taken > valueMax) {
            throw new SQLException("a value in column " + number + " is longer than " + valueMax + " bytes", "54000");
        }
    }

    private void reserve(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }

    /** Says that every text that was not written here is one. */
    void check() throws SQLException {
        if (direct && !Direct.areTexts(bytes, length, ends, rows)) {
            throw new SQLException("a text in column " + number + " is not Unicode", "22021");
        }
    }

    /** Bytes that {@link #write} writes. */
    int written() {
        int bitmap = hasNulls ? (rows + 7) / 8 : 0;
        return 2 + bitmap + (isWords() ? rows * 8 : (rows + 1) * 4 + length);
    }

    void write(Output out) throws IOException {
        out.u8(representation).u8(hasNulls ? 1 : 0);
        if (hasNulls) {
            out.raw(nulls, (rows + 7) / 8);
        }
        if (isWords()) {
            out.longs(words, rows);
        } else {
            out.u32(0).ints(ends, rows).raw(bytes, length);
        }
    }

    private boolean isWords() {
        return representation == AS_I64 || representation == AS_F64;
    }
}
