package seawall.jdbc;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;

/**
 * Sends a result set: its columns, then its rows in batches.
 *
 * <p><b>Invariant.</b> It holds one batch at a time; a reader that is slow holds the database back.
 */
final class Rows {
    private Rows() {}

    private static final int COLUMNS = 0x83;
    private static final int BATCH = 0x84;

    /** Sends all rows. */
    static void send(ResultSet rows, Wishes wishes, Output out)
            throws SQLException, IOException {
        Column[] columns = columns(rows.getMetaData(), wishes, Direct.of(rows), out);
        int count = 0;
        while (rows.next()) {
            int size = row(rows, columns);
            count++;
            if (count >= wishes.rowsMax || size >= wishes.bytesMax) {
                batch(columns, count, out);
                count = 0;
            }
        }
        if (count > 0) {
            batch(columns, count, out);
        }
    }

    /** Adds a row and returns the bytes of the batch; a method of its own, which is compiled early as it runs often. */
    private static int row(ResultSet rows, Column[] columns) throws SQLException {
        int size = 0;
        for (Column column : columns) {
            column.add(rows);
            size += column.size();
        }
        return size;
    }

    private static Column[] columns(ResultSetMetaData meta, Wishes wishes, Direct direct, Output out)
            throws SQLException, IOException {
        Column[] columns = new Column[meta.getColumnCount()];
        out.begin(COLUMNS).u16(columns.length);
        for (int i = 0; i < columns.length; i++) {
            int number = i + 1;
            int told = Kind.of(meta, number);
            int wish = i < wishes.kinds.length ? wishes.kinds[i] : Wishes.DECIDE;
            int kind = Wishes.kind(wish, told);
            boolean single = meta.getColumnType(number) == Types.REAL;
            int representation = representation(meta, number, told, wish);
            boolean copied = representation == Column.AS_TEXT && direct.gives(meta, number, told, kind);
            columns[i] = new Column(number, kind, representation, single, copied, wishes.valueMax);
            out.text(meta.getColumnLabel(number)).u8(told)
                .u16(Math.max(0, Math.min(0xffff, meta.getPrecision(number))))
                .u16(Math.max(0, Math.min(0xffff, meta.getScale(number))))
                .u8(meta.isNullable(number) == ResultSetMetaData.columnNoNulls ? 0 : 1);
        }
        out.send();
        return columns;
    }

    /** A wish that could change a value is not followed. */
    private static int representation(ResultSetMetaData meta, int number, int told, int wish) throws SQLException {
        if (wish == Wishes.BYTES || wish == Wishes.DECIDE && told == Kind.BYTES) {
            return Column.AS_BYTES;
        }
        boolean narrow = told == Kind.INTEGER && meta.isSigned(number)
            || told == Kind.DECIMAL && meta.getScale(number) == 0 && meta.getPrecision(number) > 0
                && meta.getPrecision(number) <= 18;
        if (narrow && (wish == Wishes.INTEGER || wish == Wishes.DECIDE && told == Kind.INTEGER)) {
            return Column.AS_I64;
        }
        if (told == Kind.DOUBLE && (wish == Wishes.DOUBLE || wish == Wishes.DECIDE)) {
            return Column.AS_F64;
        }
        return Column.AS_TEXT;
    }

    private static void batch(Column[] columns, int count, Output out) throws SQLException, IOException {
        int length = 4;
        for (Column column : columns) {
            column.check();
            length += column.written();
        }
        out.begin(BATCH, length).u32(count);
        for (Column column : columns) {
            column.write(out);
            column.clear();
        }
        out.send();
    }
}
