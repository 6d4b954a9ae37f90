import java.net.URI;

class JavaNetUri {
    public static void main(String[] arguments) throws Exception {
        URI uri = new URI(System.getenv("REDISTOGO_URL"));
        System.out.println(uri.getHost() + " " + uri.getPort() + " " + uri.getUserInfo().split(":", 2)[1]);
    }
}
