package seawall.jdbc;

import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Locale;

/**
 * The kinds of values that frames know, and how JDBC calls them.
 *
 * <p><b>Invariant.</b> An exact number is never of a kind that passes through a binary float.
 */
final class Kind {
    private Kind() {}

    static final int TEXT = 1;
    static final int CHAR = 2;
    static final int INTEGER = 3;
    static final int DECIMAL = 4;
    static final int DOUBLE = 5;
    static final int DATE = 6;
    static final int TIME = 7;
    static final int TIMESTAMP = 8;
    static final int BYTES = 9;
    static final int BOOLEAN = 10;
    static final int NATIONAL = 11;
    static final int ZONED = 12;

    /** Returns the kind of a column. */
    static int of(ResultSetMetaData meta, int column) throws SQLException {
        String name = meta.getColumnTypeName(column);
        return of(meta.getColumnType(column), name == null ? "" : name.toLowerCase(Locale.ROOT));
    }

    private static int of(int type, String name) {
        switch (type) {
            case Types.TINYINT:
            case Types.SMALLINT:
            case Types.INTEGER:
            case Types.BIGINT:
                return INTEGER;
            case Types.DECIMAL:
            case Types.NUMERIC:
                return DECIMAL;
            case Types.REAL:
            case Types.FLOAT:
            case Types.DOUBLE:
                return DOUBLE;
            case Types.DATE:
                return DATE;
            case Types.TIME:
                return TIME;
            // pgjdbc calls both kinds of timestamps alike.
            case Types.TIMESTAMP:
                return name.equals("timestamptz") ? ZONED : TIMESTAMP;
            case Types.TIMESTAMP_WITH_TIMEZONE:
                return ZONED;
            case Types.BINARY:
            case Types.VARBINARY:
            case Types.LONGVARBINARY:
            case Types.BLOB:
                return BYTES;
            case Types.BOOLEAN:
                return BOOLEAN;
            // pgjdbc calls a string of bits as it calls a truth value.
            case Types.BIT:
                return name.equals("bit") && !name.equals("bool") ? TEXT : BOOLEAN;
            case Types.CHAR:
                return CHAR;
            case Types.NCHAR:
            case Types.NVARCHAR:
            case Types.LONGNVARCHAR:
            case Types.NCLOB:
                return NATIONAL;
            default:
                return TEXT;
        }
    }

    /** Returns the JDBC type of a parameter of a kind. */
    static int jdbc(int kind) {
        switch (kind) {
            case CHAR:
                return Types.CHAR;
            case INTEGER:
                return Types.BIGINT;
            case DECIMAL:
                return Types.DECIMAL;
            case DOUBLE:
                return Types.DOUBLE;
            case DATE:
                return Types.DATE;
            case TIME:
                return Types.TIME;
            case TIMESTAMP:
                return Types.TIMESTAMP;
            case BYTES:
                return Types.VARBINARY;
            case BOOLEAN:
                return Types.BOOLEAN;
            case NATIONAL:
                return Types.NVARCHAR;
            case ZONED:
                return Types.TIMESTAMP_WITH_TIMEZONE;
            default:
                return Types.VARCHAR;
        }
    }
}
