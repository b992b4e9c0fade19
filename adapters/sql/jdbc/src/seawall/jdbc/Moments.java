package seawall.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/**
 * Dates and times of a row as ISO 8601.
 *
 * <p><b>Invariant.</b> The zone of this process never matters: values without a zone are read without one.
 */
final class Moments {
    private Moments() {}

    static String date(ResultSet rows, int column) throws SQLException {
        try {
            LocalDate date = rows.getObject(column, LocalDate.class);
            return date == null ? null : date.toString();
        } catch (SQLException | RuntimeException e) {
            if (gone(e)) {
                throw e;
            }
            // A driver without java.time, or a value that no calendar has: its own text says what it is.
            return rows.getString(column);
        }
    }

    static String time(ResultSet rows, int column) throws SQLException {
        try {
            LocalTime time = rows.getObject(column, LocalTime.class);
            return time == null ? null : text(time);
        } catch (SQLException | RuntimeException e) {
            if (gone(e)) {
                throw e;
            }
            return rows.getString(column);
        }
    }

    static String timestamp(ResultSet rows, int column) throws SQLException {
        try {
            LocalDateTime at = rows.getObject(column, LocalDateTime.class);
            return at == null ? null : text(at);
        } catch (SQLException | RuntimeException e) {
            if (gone(e)) {
                throw e;
            }
            // The text of a java.sql.Timestamp could have moved in the hour that clocks skip, so it is not used.
            String text = rows.getString(column);
            return text == null ? null : text.replace(' ', 'T');
        }
    }

    static String instant(ResultSet rows, int column) throws SQLException {
        try {
            OffsetDateTime at = rows.getObject(column, OffsetDateTime.class);
            return at == null ? null : text(at.toLocalDateTime()) + at.getOffset().getId();
        } catch (SQLException | RuntimeException e) {
            if (gone(e)) {
                throw e;
            }
            Timestamp at = rows.getTimestamp(column);
            return at == null ? null : text(LocalDateTime.ofInstant(at.toInstant(), ZoneOffset.UTC)) + "Z";
        }
    }

    private static boolean gone(Exception e) {
        return e instanceof SQLException && Faults.phase((SQLException) e) == Faults.GONE;
    }

    static String text(LocalDateTime at) {
        return at.toLocalDate() + "T" + text(at.toLocalTime());
    }

    /** With seconds always, and with decimals up to the last one that is not zero. */
    private static String text(LocalTime time) {
        String text = time.toString();
        if (text.length() == 5) {
            return text + ":00";
        }
        int end = text.length();
        while (end > 9 && text.charAt(end - 1) == '0') {
            end--;
        }
        return text.substring(0, end);
    }
}
