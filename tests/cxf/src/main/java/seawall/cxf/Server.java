package seawall.cxf;

import example.pms.PMS;
import jakarta.jws.WebService;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.security.auth.callback.CallbackHandler;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;
import javax.xml.namespace.QName;
import org.apache.cxf.jaxws.JaxWsServerFactoryBean;
import org.apache.cxf.ws.security.wss4j.WSS4JInInterceptor;
import org.apache.wss4j.common.ext.WSPasswordCallback;
import org.opentravel.ota._2003._05.ErrorsType;
import org.opentravel.ota._2003._05.HotelReservationType;
import org.opentravel.ota._2003._05.OTAHotelResRQ;
import org.opentravel.ota._2003._05.OTAHotelResRS;
import org.opentravel.ota._2003._05.OTAReadRQ;
import org.opentravel.ota._2003._05.OTAResRetrieveRS;
import org.opentravel.ota._2003._05.UniqueIDType;

/**
 * The reservation service on a stack that nobody of Seawall wrote: it validates every request against the schema and
 * checks the UsernameToken and the Timestamp by WSS4J.
 *
 * Arguments: port, user, password, "text" or "digest", path of the WSDL. Prints "listening" when it is ready.
 */
public final class Server {
  private Server() {}

  public static void main(String[] args) throws Exception {
    String address = "http://127.0.0.1:" + args[0] + "/pms";
    JaxWsServerFactoryBean factory = new JaxWsServerFactoryBean();
    factory.setServiceClass(PMS.class);
    factory.setServiceBean(new Hotel());
    factory.setAddress(address);
    factory.setWsdlLocation(args[4]);
    factory.setServiceName(new QName("urn:example:pms", "HotelReservationService"));
    factory.setEndpointName(new QName("urn:example:pms", "PMS"));
    Map<String, Object> properties = new HashMap<>();
    properties.put("schema-validation-enabled", "true");
    factory.setProperties(properties);
    factory.getInInterceptors().add(security(args[1], args[2], args[3]));
    factory.create();
    System.out.println("listening");
    System.in.read(); // It ends when its parent closes the pipe.
    System.exit(0);
  }

  private static WSS4JInInterceptor security(String user, String password, String kind) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("action", "UsernameToken Timestamp");
    properties.put("passwordType", kind.equals("digest") ? "PasswordDigest" : "PasswordText");
    CallbackHandler handler = callbacks -> {
      WSPasswordCallback callback = (WSPasswordCallback) callbacks[0];
      if (user.equals(callback.getIdentifier())) {
        callback.setPassword(password);
      }
    };
    properties.put("passwordCallbackRef", handler);
    return new WSS4JInInterceptor(properties);
  }

  /** Keeps reservations in memory. */
  @WebService(targetNamespace = "urn:example:pms", serviceName = "HotelReservationService", portName = "PMS",
      endpointInterface = "example.pms.PMS")
  public static final class Hotel implements PMS {
    private final Map<String, HotelReservationType> reservations = new ConcurrentHashMap<>();
    private final AtomicInteger next = new AtomicInteger(5001);

    @Override
    public OTAResRetrieveRS readReservation(OTAReadRQ request) {
      OTAReadRQ.ReadRequests.ReadRequest first =
          (OTAReadRQ.ReadRequests.ReadRequest) request.getReadRequests().getReadRequestOrHotelReadRequest().get(0);
      OTAResRetrieveRS reply = new OTAResRetrieveRS();
      reply.setEchoToken(request.getEchoToken());
      HotelReservationType found = reservations.get(first.getUniqueID().getID());
      if (found == null) {
        reply.setErrors(error("245", "Invalid confirmation number"));
        return reply;
      }
      reply.setReservationsList(new OTAResRetrieveRS.ReservationsList());
      reply.getReservationsList().getHotelReservation().add(found);
      return reply;
    }

    @Override
    public OTAHotelResRS createReservation(OTAHotelResRQ request) {
      HotelReservationType reservation = request.getHotelReservations().getHotelReservation().get(0);
      OTAHotelResRS reply = new OTAHotelResRS();
      String hotel = reservation.getResGlobalInfo().getBasicPropertyInfo().getHotelCode();
      if (hotel.equals("FULL")) {
        reply.setErrors(error("322", "No availability"));
        return reply;
      }
      if (hotel.equals("CRASH")) {
        throw new IllegalStateException("jdbc:oracle:thin:pmsadm/tiger@10.1.2.3 refused");
      }
      String id = "C-" + next.getAndIncrement();
      UniqueIDType unique = new UniqueIDType();
      unique.setType("14");
      unique.setID(id);
      reservation.getUniqueID().add(unique);
      reservation.setCreateDateTime(now());
      reservation.setLastModifyDateTime(now());
      reservations.put(id, reservation);
      reply.setHotelReservations(new OTAHotelResRS.HotelReservations());
      reply.getHotelReservations().getHotelReservation().add(reservation);
      return reply;
    }

    private static ErrorsType error(String code, String text) {
      ErrorsType.Error error = new ErrorsType.Error();
      error.setType("3");
      error.setCode(code);
      error.setShortText(text);
      ErrorsType errors = new ErrorsType();
      errors.getError().add(error);
      return errors;
    }

    private static XMLGregorianCalendar now() {
      try {
        return DatatypeFactory.newInstance().newXMLGregorianCalendar("2026-05-01T08:00:00Z");
      } catch (Exception impossible) {
        throw new IllegalStateException(impossible);
      }
    }
  }
}
