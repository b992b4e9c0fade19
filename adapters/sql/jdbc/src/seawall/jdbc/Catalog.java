package seawall.jdbc;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads what a database says of its tables and procedures.
 *
 * <p><b>Invariant.</b> It tells what the driver tells, raw; what it means is decided elsewhere.
 */
final class Catalog {
    private static final Set<String> SYSTEM = Set.of("information_schema", "pg_catalog", "pg_toast", "sys", "system",
        "mysql", "performance_schema", "syscat", "sysibm", "sysstat", "sysfun", "sysproc", "qsys", "qsys2", "ctxsys",
        "xdb", "mdsys", "outln", "dbsnmp");

    private static final String PROCEDURE = "PROCEDURE";
    private static final String FUNCTION = "FUNCTION";

    private final DatabaseMetaData about;

    Catalog(Connection connection) throws SQLException {
        this.about = connection.getMetaData();
    }

    String read(List<String> patterns) throws SQLException {
        Json json = new Json();
        json.open('{');
        json.field("product", about.getDatabaseProductName());
        json.field("version", about.getDatabaseProductVersion());
        json.field("driver", about.getDriverName() + " " + about.getDriverVersion());
        String quote = about.getIdentifierQuoteString();
        json.field("identifierQuote", quote == null ? "" : quote.trim());
        json.field("storesUpperCase", about.storesUpperCaseIdentifiers());
        json.field("storesLowerCase", about.storesLowerCaseIdentifiers());
        json.key("tables").open('[');
        // Who asks for everything does not mean what the database has for itself.
        boolean all = patterns.stream().allMatch(pattern -> pattern.equals("%") || pattern.equals("%.%"));
        Map<String, Name> tables = new LinkedHashMap<>();
        for (String pattern : all ? List.of("%.%") : patterns) {
            tables(pattern, all, tables);
        }
        for (Name table : tables.values()) {
            table(table, json);
        }
        json.close(']').key("procedures").open('[');
        Map<String, Name> procedures = new LinkedHashMap<>();
        for (String pattern : all ? List.of("%.%") : patterns) {
            procedures(pattern, all, procedures);
            functions(pattern, all, procedures);
        }
        for (Name procedure : procedures.values()) {
            procedure(procedure, json);
        }
        return json.close(']').close('}').text();
    }

    /** Where something is. Some products call a schema a catalog. */
    private static final class Name {
        final String catalog;
        final String schema;
        final String name;
        final String kind;
        final String specific;

        Name(ResultSet from, String name, String kind, String specific) throws SQLException {
            this.catalog = from.getString(1);
            this.schema = from.getString(2);
            this.name = name;
            this.kind = kind;
            this.specific = specific;
        }

        String shown() {
            return schema != null ? schema : catalog == null ? "" : catalog;
        }
    }

    private String[] split(String pattern) {
        int dot = pattern.lastIndexOf('.');
        return dot < 0 ? new String[] {"%", pattern} : new String[] {pattern.substring(0, dot), pattern.substring(dot + 1)};
    }

    private boolean schemasAreCatalogs() throws SQLException {
        return !about.supportsSchemasInTableDefinitions() && about.supportsCatalogsInTableDefinitions();
    }

    private void tables(String pattern, boolean all, Map<String, Name> into) throws SQLException {
        String[] place = place(pattern);
        try (ResultSet rows = about.getTables(place[0], place[1], place[2], null)) {
            while (rows.next()) {
                String type = rows.getString("TABLE_TYPE");
                String kind = type == null ? "" : type.toUpperCase(Locale.ROOT);
                boolean view = kind.contains("VIEW");
                if (!(view || kind.contains("TABLE")) || kind.contains("SYSTEM") || kind.contains("TEMPORARY")) {
                    continue;
                }
                Name name = new Name(rows, rows.getString("TABLE_NAME"), view ? "VIEW" : "TABLE", null);
                if (isThere(pattern, name) && !(all && SYSTEM.contains(name.shown().toLowerCase(Locale.ROOT)))) {
                    into.putIfAbsent(name.shown() + "." + name.name, name);
                }
            }
        }
    }

    private void table(Name table, Json json) throws SQLException {
        json.open('{').field("schema", table.shown()).field("name", table.name).field("kind", table.kind);
        json.key("columns").open('[');
        try (ResultSet rows = about.getColumns(table.catalog, escaped(table.schema), escaped(table.name), "%")) {
            while (rows.next()) {
                String name = rows.getString("COLUMN_NAME");
                int type = rows.getInt("DATA_TYPE");
                String typeName = rows.getString("TYPE_NAME");
                int precision = rows.getInt("COLUMN_SIZE");
                int scale = rows.getInt("DECIMAL_DIGITS");
                boolean nullable = rows.getInt("NULLABLE") != DatabaseMetaData.columnNoNulls;
                String preset = rows.getString("COLUMN_DEF");
                boolean made = "YES".equals(optional(rows, "IS_AUTOINCREMENT"))
                    || "YES".equals(optional(rows, "IS_GENERATEDCOLUMN"));
                json.open('{').field("name", name).field("type", type).field("typeName", typeName)
                    .field("precision", precision).field("scale", scale).field("nullable", nullable)
                    .field("default", preset).field("generated", made).close('}');
            }
        }
        json.close(']').key("key").open('[');
        for (String column : key(table)) {
            json.value(column);
        }
        json.close(']').key("indexes").open('[');
        indexes(table, json);
        json.close(']').close('}');
    }

    private static String optional(ResultSet rows, String column) {
        try {
            return rows.getString(column);
        } catch (SQLException e) {
            return null;
        }
    }

    private List<String> key(Name table) throws SQLException {
        Map<Integer, String> columns = new TreeMap<>();
        try (ResultSet rows = about.getPrimaryKeys(table.catalog, table.schema, table.name)) {
            while (rows.next()) {
                String column = rows.getString("COLUMN_NAME");
                columns.put(rows.getInt("KEY_SEQ"), column);
            }
        }
        return new ArrayList<>(columns.values());
    }

    private void indexes(Name table, Json json) throws SQLException {
        Map<String, TreeMap<Integer, String>> columns = new TreeMap<>();
        Map<String, Boolean> unique = new TreeMap<>();
        if (table.kind.equals("VIEW")) {
            return;
        }
        try (ResultSet rows = about.getIndexInfo(table.catalog, table.schema, table.name, false, true)) {
            while (rows.next()) {
                boolean repeats = rows.getBoolean("NON_UNIQUE");
                String name = rows.getString("INDEX_NAME");
                int position = rows.getInt("ORDINAL_POSITION");
                String column = rows.getString("COLUMN_NAME");
                if (name != null && column != null) {
                    columns.computeIfAbsent(name, any -> new TreeMap<>()).put(position, column);
                    unique.put(name, !repeats);
                }
            }
        }
        for (Map.Entry<String, TreeMap<Integer, String>> index : columns.entrySet()) {
            json.open('{').field("name", index.getKey()).field("unique", unique.get(index.getKey()));
            json.key("columns").open('[');
            for (String column : index.getValue().values()) {
                json.value(column);
            }
            json.close(']').close('}');
        }
    }

    private void procedures(String pattern, boolean all, Map<String, Name> into) throws SQLException {
        String[] place = place(pattern);
        try (ResultSet rows = about.getProcedures(place[0], place[1], place[2])) {
            routines(rows, PROCEDURE, pattern, all, into);
        }
    }

    /** Functions, of which many drivers tell apart from procedures, and some not at all. */
    private void functions(String pattern, boolean all, Map<String, Name> into) throws SQLException {
        String[] place = place(pattern);
        try (ResultSet rows = about.getFunctions(place[0], place[1], place[2])) {
            routines(rows, FUNCTION, pattern, all, into);
        } catch (SQLFeatureNotSupportedException | AbstractMethodError e) {
            // A driver without functions, or older than they are.
        }
    }

    /** The catalog, the schema and the name of a pattern. */
    private String[] place(String pattern) throws SQLException {
        String[] parts = split(pattern);
        boolean catalogs = schemasAreCatalogs();
        // A catalog is taken by its name; with a pattern all are asked for, and those that do not match passed over.
        String catalog = catalogs && !parts[0].contains("%") ? parts[0] : null;
        return new String[] {catalog, catalogs ? null : parts[0], parts[1]};
    }

    /** Whether a thing is where a pattern wants it, as far as the driver was not told. */
    private boolean isThere(String pattern, Name name) throws SQLException {
        String wanted = split(pattern)[0];
        return !schemasAreCatalogs() || !wanted.contains("%")
            || name.shown().matches(("\\Q" + wanted + "\\E").replace("%", "\\E.*\\Q"));
    }

    private void routines(ResultSet rows, String kind, String pattern, boolean all, Map<String, Name> into)
            throws SQLException {
        while (rows.next()) {
            Name name = new Name(rows, rows.getString(kind + "_NAME"), kind, optional(rows, "SPECIFIC_NAME"));
            if (isThere(pattern, name) && !(all && SYSTEM.contains(name.shown().toLowerCase(Locale.ROOT)))) {
                into.putIfAbsent(name.shown() + "." + name.name + "/" + name.specific, name);
            }
        }
    }

    /** A parameter as a driver tells it. */
    private static final class Told {
        final String name;
        final int type;
        final String typeName;
        final int precision;
        final int scale;
        String direction;

        Told(ResultSet rows, boolean function) throws SQLException {
            name = rows.getString("COLUMN_NAME");
            int column = rows.getInt("COLUMN_TYPE");
            type = rows.getInt("DATA_TYPE");
            typeName = rows.getString("TYPE_NAME");
            precision = rows.getInt("PRECISION");
            scale = rows.getInt("SCALE");
            direction = function ? ofFunction(column) : direction(column);
        }
    }

    private void procedure(Name routine, Json json) throws SQLException {
        json.open('{').field("schema", routine.shown()).field("name", routine.name);
        json.key("parameters").open('[');
        List<Told> parameters = new ArrayList<>();
        boolean function = routine.kind.equals(FUNCTION);
        try (ResultSet rows = parameters(routine)) {
            while (rows.next()) {
                Told told = new Told(rows, function);
                String specific = optional(rows, "SPECIFIC_NAME");
                if (specific == null || routine.specific == null || specific.equals(routine.specific)) {
                    parameters.add(told);
                }
            }
        }
        for (Told told : function ? returning(parameters) : parameters) {
            json.open('{').field("name", told.name).field("direction", told.direction).field("type", told.type)
                .field("typeName", told.typeName).field("precision", told.precision).field("scale", told.scale)
                .close('}');
        }
        json.close(']').close('}');
    }

    /**
     * What a function returns: one value, told first. PostgreSQL's driver tells the columns of a returned table as values
     * after the parameters, and a value beside the parameters that are the value.
     */
    private static List<Told> returning(List<Told> parameters) {
        boolean out = parameters.stream().anyMatch(told -> told.direction.endsWith("OUT"));
        List<Told> kept = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            Told told = parameters.get(i);
            boolean value = told.direction.equals("RETURN");
            if (value && i > 0) {
                told.direction = "RESULT";
            }
            if (!(value && i == 0 && out)) {
                kept.add(told);
            }
        }
        return kept;
    }

    private ResultSet parameters(Name routine) throws SQLException {
        String schema = escaped(routine.schema);
        String name = escaped(routine.name);
        return routine.kind.equals(FUNCTION) ? about.getFunctionColumns(routine.catalog, schema, name, "%")
            : about.getProcedureColumns(routine.catalog, schema, name, "%");
    }

    private static String direction(int column) {
        switch (column) {
            case DatabaseMetaData.procedureColumnInOut:
                return "INOUT";
            case DatabaseMetaData.procedureColumnOut:
                return "OUT";
            case DatabaseMetaData.procedureColumnReturn:
                return "RETURN";
            case DatabaseMetaData.procedureColumnResult:
                return "RESULT";
            default:
                return "IN";
        }
    }

    /** The same words have other numbers here. */
    private static String ofFunction(int column) {
        switch (column) {
            case DatabaseMetaData.functionColumnInOut:
                return "INOUT";
            case DatabaseMetaData.functionColumnOut:
                return "OUT";
            case DatabaseMetaData.functionReturn:
                return "RETURN";
            case DatabaseMetaData.functionColumnResult:
                return "RESULT";
            default:
                return "IN";
        }
    }

    /** A name is no pattern: its `_` and `%` stand for themselves. */
    private String escaped(String name) throws SQLException {
        String escape = about.getSearchStringEscape();
        if (name == null || escape == null || escape.isEmpty()) {
            return name;
        }
        return name.replace(escape, escape + escape).replace("_", escape + "_").replace("%", escape + "%");
    }
}
