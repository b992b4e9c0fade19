package seawall.jdbc;

import java.io.IOException;
import java.math.BigDecimal;
import java.sql.CallableStatement;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;

/**
 * A value to be bound.
 *
 * <p><b>Invariant.</b> It is bound by the type that it was sent with; it never becomes a part of the statement's text.
 */
final class Parameter {
    final int kind;
    final boolean in;
    final boolean out;
    private final boolean isNull;
    private final int scale;
    private final byte[] value;

    private Parameter(int kind, int direction, boolean isNull, int scale, byte[] value) {
        this.kind = kind;
        this.in = direction != 1;
        this.out = direction != 0;
        this.isNull = isNull;
        this.scale = scale;
        this.value = value;
    }

    static Parameter read(Frame from) throws IOException {
        int kind = from.u8();
        int direction = from.u8();
        boolean isNull = from.flag();
        from.u16();
        int scale = from.u16();
        return new Parameter(kind, direction, isNull, scale, from.bytes());
    }

    void bind(PreparedStatement to, int number) throws SQLException {
        if (out) {
            register((CallableStatement) to, number);
        }
        if (!in) {
            return;
        }
        if (isNull) {
            nothing(to, number);
            return;
        }
        try {
            set(to, number);
        } catch (NumberFormatException | DateTimeException e) {
            // The value itself stays out of the message.
            throw new SQLException("the value of parameter " + number + " is not of its type", "22018");
        }
    }

    private void register(CallableStatement to, int number) throws SQLException {
        if (kind == Kind.DECIMAL) {
            to.registerOutParameter(number, Kind.jdbc(kind), scale);
        } else {
            to.registerOutParameter(number, Kind.jdbc(kind));
        }
    }

    private void nothing(PreparedStatement to, int number) throws SQLException {
        try {
            to.setNull(number, Kind.jdbc(kind));
        } catch (SQLFeatureNotSupportedException e) {
            to.setNull(number, java.sql.Types.VARCHAR);
        }
    }

    private void set(PreparedStatement to, int number) throws SQLException {
        switch (kind) {
            case Kind.INTEGER:
                integer(to, number);
                break;
            case Kind.DECIMAL:
                to.setBigDecimal(number, new BigDecimal(text()));
                break;
            case Kind.DOUBLE:
                to.setDouble(number, Double.parseDouble(text()));
                break;
            case Kind.DATE:
                object(to, number, LocalDate.parse(text()));
                break;
            case Kind.TIME:
                object(to, number, LocalTime.parse(text()));
                break;
            case Kind.TIMESTAMP:
                object(to, number, LocalDateTime.parse(text().replace(' ', 'T')));
                break;
            case Kind.ZONED:
                object(to, number, OffsetDateTime.parse(text().replace(' ', 'T')));
                break;
            case Kind.BYTES:
                to.setBytes(number, value);
                break;
            case Kind.BOOLEAN:
                to.setBoolean(number, text().equals("true") || text().equals("1"));
                break;
            case Kind.NATIONAL:
                national(to, number);
                break;
            default:
                to.setString(number, text());
        }
    }

    private void integer(PreparedStatement to, int number) throws SQLException {
        BigDecimal exact = new BigDecimal(text());
        if (exact.precision() - exact.scale() <= 18 && exact.stripTrailingZeros().scale() <= 0) {
            to.setLong(number, exact.longValueExact());
        } else {
            to.setBigDecimal(number, exact);
        }
    }

    private void national(PreparedStatement to, int number) throws SQLException {
        try {
            to.setNString(number, text());
        } catch (SQLFeatureNotSupportedException e) {
            to.setString(number, text());
        }
    }

    /** Drivers before JDBC 4.2 know the old classes only. */
    private static void object(PreparedStatement to, int number, Object value) throws SQLException {
        try {
            to.setObject(number, value);
        } catch (SQLFeatureNotSupportedException e) {
            if (value instanceof LocalDate) {
                to.setDate(number, Date.valueOf((LocalDate) value));
            } else if (value instanceof LocalTime) {
                to.setTime(number, Time.valueOf((LocalTime) value));
            } else if (value instanceof LocalDateTime) {
                to.setTimestamp(number, Timestamp.valueOf((LocalDateTime) value));
            } else {
                to.setTimestamp(number, Timestamp.from(((OffsetDateTime) value).toInstant()));
            }
        }
    }

    private String text() {
        return new String(value, java.nio.charset.StandardCharsets.UTF_8);
    }
}
